/**
 * Stock nginx can compare how many requests a worker has on their way to the backends, but not tell the number. It is
 * asked whether they are fewer than each of these in turn, rising: `<probe path>?fewer=N&worker=<pid>`.
 */
export const IN_FLIGHT_STEPS: readonly number[] = [1, 10, 100, 1000];
/** In the answer when they are fewer; 409 when they are not. */
export const FEWER_HEADER = "X-Fence-Fewer-Than";
