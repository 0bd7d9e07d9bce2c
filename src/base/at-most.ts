/** Runs what it is given, at most `count` at the same time, in order of arrival. */
export function atMost(count: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (act) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await act();
    } finally {
      // The place goes to whoever waits longest, so that nobody new can take it in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
