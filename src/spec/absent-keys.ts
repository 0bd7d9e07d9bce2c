/**
 * Keys that other programs have and fence cannot have, by their table. Somebody who is told no more than that a key is
 * unknown looks for its right spelling.
 */
const ABSENT: ReadonlyMap<string, { why: string; fix: string }> = new Map([
  [
    "worker.max_requests",
    {
      why: "no request passes through fence, so that it cannot count those of a process",
      fix: "have the program count, php-cgi by PHP_FCGI_MAX_REQUESTS in env; or set max_age",
    },
  ],
]);

/** Why a table such as `[worker.NAME]` cannot have a key, and what to do; null: nobody would look for it there. */
export function absentKey(path: readonly PropertyKey[], key: string): { why: string; fix: string } | null {
  return path.length === 2 ? (ABSENT.get(`${String(path[0])}.${key}`) ?? null) : null;
}
