/** The tools of each service. */
import type { Service } from '../account.ts';
import type { ToolKind } from './permit/permit.ts';
import { mailTools } from './tools/mail.ts';
import { missiveTools } from './tools/missive.ts';

/** As far as a policy speaks of them. */
export const toolsOf = (service: Service): readonly ToolKind[] => (service === 'mail' ? mailTools : missiveTools);
