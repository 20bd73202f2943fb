/**
 * Reads the form at `/admin` and makes its view. Its fields are the flags of `generate`, as flag-table.ts declares them, and are named like them.
 *
 * Invariant: what was typed is shown again as it was typed.
 */
import type { Service } from '../account.ts';
import { PRESETS } from '../oauth/client/presets.ts';
import type { Parameters } from '../oauth/http/parameters.ts';
import type { MintingFieldView, MintingFormView } from '../oauth/pages/views.ts';
import { type Fault, FLAG_LIST, type Flag, type FlagName, type FormGroup, toFlagName } from './flag-table.ts';
import type { GivenFlags } from './generate-command.ts';
import { splitLists } from './mint.ts';

/** A flag with its place in the form. */
type FormFlag = Flag & { name: FlagName; form: NonNullable<Flag['form']> };

const FORM_FLAGS: readonly FormFlag[] = FLAG_LIST.flatMap(({ form, ...flag }) =>
  form === undefined || flag.name === 'missive' ? [] : [{ ...flag, form }],
);

/** Flags whose known values depend on the service: each service has fields of its own. */
const isOfEach = ({ valuesOf }: Flag): boolean => `${valuesOf?.('mail')}` !== `${valuesOf?.('missive')}`;

const inputOf = (flag: FormFlag, service: Service): string =>
  `${isOfEach(flag) && service === 'missive' ? 'missive-' : ''}${toFlagName(flag.name).slice(2)}`;

const SERVICE_INPUT = 'service';
const SERVICES: readonly Service[] = ['mail', 'missive'];

/** What was typed, by the names of inputs. */
export interface TypedForm {
  get(input: string): string;
  all(input: string): readonly string[];
}

export const BLANK_FORM: TypedForm = { get: () => '', all: () => [] };

export function readTypedForm(form: Parameters): TypedForm {
  return { get: (input) => form.get(input) ?? '', all: (input) => form.all(input) };
}

/** Every input with what was typed, for hidden fields of another page. */
export function typedInputs(typed: TypedForm): { name: string; value: string }[] {
  const names = FORM_FLAGS.flatMap((flag) => SERVICES.map((service) => inputOf(flag, service)));
  return [...new Set([SERVICE_INPUT, ...names])].flatMap((name) => typed.all(name).map((value) => ({ name, value })));
}

const serviceIn = (typed: TypedForm): Service => (typed.get(SERVICE_INPUT) === 'missive' ? 'missive' : 'mail');

/** Whether the flag is for the service. */
function isFor({ form: { group, isForMail } }: FormFlag, service: Service): boolean {
  return service === 'mail' ? group !== 'missive' : group !== 'mail' && isForMail !== true;
}

/** The flags of the form. Those of the other service do not count, whatever was typed. */
export function flagsIn(typed: TypedForm): GivenFlags {
  const service = serviceIn(typed);
  const given = FORM_FLAGS.filter((flag) => isFor(flag, service)).map((flag) => [
    flag.name,
    givenIn(flag, typed, service),
  ]);
  const isMissive = service === 'missive' ? { missive: true } : {};
  return splitLists({ ...isMissive, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) });
}

function givenIn(flag: FormFlag, typed: TypedForm, service: Service): string | boolean | string[] | undefined {
  const input = inputOf(flag, service);
  const text = typed.get(input).trim();
  switch (flag.kind) {
    case 'switch':
      return text === '1' ? true : undefined;
    case 'off':
      return text === '1' ? false : undefined;
    case 'choice':
      return text === 'yes' ? true : text === 'no' ? false : undefined;
    case 'values':
    case 'list': {
      const values = flag.valuesOf === undefined ? linesOf(text) : typed.all(input);
      return values.length === 0 ? undefined : [...values];
    }
    default:
      return text === '' || (text === flag.valuesOf?.(service)[0] && flag.form.none === undefined) ? undefined : text;
  }
}

const linesOf = (text: string): string[] =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The form with what was typed, and its faults beside their fields. */
export function mintingFormView(
  typed: TypedForm,
  faults: readonly Fault[],
): Pick<MintingFormView, 'service' | 'groups' | 'problems'> {
  const service = serviceIn(typed);
  const [first] = problemsOf(faults, service);
  const fields = (group: FormGroup) =>
    FORM_FLAGS.filter(({ form }) => form.group === group).flatMap((flag) =>
      (isOfEach(flag) ? SERVICES : [undefined]).map((only) =>
        fieldView(flag, typed, { faults, only, service, first: first?.target }),
      ),
    );
  return {
    service,
    groups: {
      mail: fields('mail'),
      missive: fields('missive'),
      client: fields('client'),
      limits: fields('limits'),
      run: fields('run'),
    },
    problems: problemsOf(faults, service),
  };
}

const problemsOf = (faults: readonly Fault[], service: Service) =>
  FORM_FLAGS.flatMap((flag) =>
    faults
      .filter((fault) => fault.flag === flag.name)
      .map(({ sentence }) => ({ target: inputOf(flag, service), sentence })),
  );

interface Place {
  faults: readonly Fault[];
  /** The service that the field is for; undefined: both, or the one of its group. */
  only: Service | undefined;
  service: Service;
  /** The field that gets the focus. */
  first: string | undefined;
}

function fieldView(flag: FormFlag, typed: TypedForm, { faults, only, service, first }: Place): MintingFieldView {
  const { label, hint, example, isRare = false, isForMail = false } = flag.form;
  const input = inputOf(flag, only ?? service);
  const isShown = only === undefined || only === service;
  const options = optionsOf(flag, typed, { input, service: only ?? service });
  return {
    ...{ id: input, flag: flagWordOf(flag), label, hint, example, isRare, options },
    only: only ?? (isForMail ? 'mail' : undefined),
    kind: inputKindOf(flag),
    value: typed.all(input)[0] ?? '',
    problem: isShown
      ? faults
          .filter((fault) => fault.flag === flag.name)
          .map(({ sentence }) => sentence)
          .join(' ')
      : '',
    hasFocus: isShown && first === input,
  };
}

/** As it is written on the command line. */
const flagWordOf = ({ name, kind }: FormFlag): string =>
  kind === 'off' ? toFlagName(name).replace('--', '--no-') : toFlagName(name);

function inputKindOf({ kind, valuesOf }: FormFlag): MintingFieldView['kind'] {
  if (kind === 'switch' || kind === 'off') return 'box';
  if (kind === 'choice') return 'select';
  if (kind === 'values' || kind === 'list') return valuesOf === undefined ? 'lines' : 'boxes';
  return valuesOf === undefined ? 'line' : 'select';
}

function optionsOf(flag: FormFlag, typed: TypedForm, { input, service }: { input: string; service: Service }) {
  const chosen = typed.all(input);
  if (flag.kind === 'choice') {
    const options = [
      { value: '', title: 'by the port' },
      { value: 'yes', title: `TLS` },
      { value: 'no', title: 'STARTTLS' },
    ];
    return options.map((option) => ({ ...option, isChosen: (chosen[0] ?? '') === option.value }));
  }
  const { none } = flag.form;
  const blank = none === undefined ? [] : [{ value: '', title: none, isChosen: (chosen[0] ?? '') === '' }];
  const options = (flag.valuesOf?.(service) ?? []).map((value) => ({
    value,
    title: flag.name === 'preset' ? (PRESETS[value]?.title ?? value) : value,
    isChosen: chosen.includes(value),
  }));
  return [...blank, ...options];
}
