/** What the environment says to fence, in the order in which it is shown. A flag wins over it. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  FENCE_CONFIG: "The spec, as --config.",
  FENCE_YES: "Set to 1: do not ask, the answer is yes, as --yes.",
  FENCE_NO_INPUT: "Set to 1: do not ask, as --no-input.",
  FENCE_JSON: "Set to 1: print JSON, as --json.",
  FENCE_ACTOR:
    "Who the history says it was. Without it GITHUB_ACTOR, GITLAB_USER_LOGIN, SUDO_USER and USER are looked at.",
  NO_COLOR: "Set to anything: print without colour, as --no-color.",
  FORCE_COLOR:
    "Set to anything but 0: print with colour also where there is no terminal, as does CLICOLOR_FORCE.",
  TERM: "dumb: no colour, no line that is painted over, no screens.",
  LC_ALL: "Whether the terminal shows more than ASCII; without it LC_CTYPE, then LANG.",
  INK_SCREEN_READER: "Set to true: fence tui prints sentences, as --screen-reader.",
  BROWSER: "What fence page --open opens the page with.",
};

/** What fence says by it to programs that it starts. */
export const ENVIRONMENT_TOLD: Readonly<Record<string, string>> = {
  FENCE_NOTIFICATION: "To a command of [notify]: the change, as JSON.",
  LISTEN_FDS:
    "To a worker of HTTP: 1, the listening socket is descriptor 3; with LISTEN_PID and LISTEN_FDNAMES.",
};
