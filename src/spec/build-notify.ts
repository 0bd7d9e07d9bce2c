import { ms } from "./build-parts.js";
import { DEFAULTS } from "./defaults.js";
import type { Notify } from "./notify-types.js";
import type { RawNotify } from "./schema-notify.js";

export function buildNotify(name: string, raw: RawNotify, path: (value: string) => string): Notify {
  const { url, command = [], secret_file: secret } = raw;
  return {
    name,
    to:
      url === undefined
        ? { kind: "command", command }
        : {
            kind: "webhook",
            url,
            secretFile: secret === undefined ? DEFAULTS["notify.secret_file"].value : path(secret),
          },
    timeoutMs: ms(raw.timeout ?? DEFAULTS["notify.timeout"].value),
  };
}
