/** `mail-mcp completion`: writes a script that completes commands, flags and their values in a shell. */

/** What can be typed after the name of a command. */
export interface CommandWords {
  name: string;
  flags: readonly FlagWords[];
  /** What can stand in the place of an argument without a flag. Empty: anything. */
  values: readonly string[];
}

interface FlagWords {
  /** With its hyphens. */
  flag: string;
  takesValue: boolean;
  /** All values that there are. Empty: any. */
  values: readonly string[];
}

const WRITERS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export type Shell = keyof typeof WRITERS;

export const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

export const completion = (shell: Shell, commands: readonly CommandWords[]): string => WRITERS[shell](commands);

const suffixed = ({ flag, takesValue }: FlagWords): string => (takesValue ? `${flag}=` : flag);

/** Words are letters, digits, hyphens and underscores, so that none needs quoting. */
const words = (list: readonly string[]): string => list.join(' ');

const withValues = (commands: readonly CommandWords[]): FlagWords[] => {
  const flags = commands.flatMap((command) => command.flags).filter(({ values }) => values.length > 0);
  return [...new Map(flags.map((flag) => [flag.flag, flag])).values()];
};

/** bash ends words at `=` (COMP_WORDBREAKS), so that a flag, `=` and a value are three words. Of a list, the last entry is completed. */
function bashScript(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name);
  return `# bash completion for mail-mcp
_mail_mcp() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" options="" head=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words(names)}" -- "$word"))
    return
  fi
  if [ "$word" = "=" ]; then word=""
  elif [ "$before" = "=" ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "$before" in
${withValues(commands)
  .map(({ flag, values }) => `    ${flag}) options="${words(values)}" ;;`)
  .join('\n')}
  esac
  if [ -n "$options" ]; then
    case "$word" in *,*) head="\${word%,*}," ;; esac
    COMPREPLY=($(compgen -P "$head" -W "$options" -- "\${word##*,}"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map(({ name, flags, values }) => `    ${name}) options="${words([...flags.map(suffixed), ...values])}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$options" -- "$word"))
  case "\${COMPREPLY[0]}" in *=) compopt -o nospace ;; esac
}
complete -F _mail_mcp mail-mcp
`;
}

function zshScript(commands: readonly CommandWords[]): string {
  const specs = ({ flag, takesValue, values }: FlagWords): string => {
    if (!takesValue) return `'${flag}'`;
    return values.length === 0 ? `'*${flag}=:value: '` : `'*${flag}=:value:_values -s , value ${words(values)}'`;
  };
  const rest = (values: readonly string[]): string =>
    values.length === 0 ? "'*: :_files'" : `'1: :(${words(values)})'`;
  return `#compdef mail-mcp
_mail_mcp() {
  if (( CURRENT == 2 )); then
    compadd -- ${words(commands.map(({ name }) => name))}
    return
  fi
  local command=\${words[2]}
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(({ name, flags, values }) => `    ${name}) _arguments ${words(flags.map(specs))} ${rest(values)} ;;`).join('\n')}
  esac
}
if [ "$funcstack[1]" = _mail-mcp ]; then _mail_mcp "$@"; else compdef _mail_mcp mail-mcp; fi
`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const first = `complete -c mail-mcp -f -n __fish_use_subcommand -a "${words(commands.map(({ name }) => name))}"`;
  const lines = commands.flatMap(({ name, flags, values: own }) => [
    ...(own.length > 0 ? [`complete -c mail-mcp -f -n "__fish_seen_subcommand_from ${name}" -a "${words(own)}"`] : []),
    ...flags.map(({ flag, takesValue, values }) => {
      const value = values.length > 0 ? ` -x -a "${words(values)}"` : takesValue ? ' -x' : '';
      return `complete -c mail-mcp -n "__fish_seen_subcommand_from ${name}" -l ${flag.replace(/^--/, '')}${value}`;
    }),
  ]);
  return `${['# fish completion for mail-mcp', first, ...lines].join('\n')}\n`;
}
