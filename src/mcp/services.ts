/** Maps each service to its tools. */
import type { Service } from '../account.ts';
import type { ToolKind } from './tool.ts';
import { mailTools } from './tools/mail.ts';
import { missiveTools } from './tools/missive.ts';

/** @returns the tools of a service, as far as a policy depends on them: name, effect, method and tags */
export const toolsOf = (service: Service): readonly ToolKind[] => (service === 'mail' ? mailTools : missiveTools);
