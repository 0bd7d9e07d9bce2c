import { z } from "zod";
import * as check from "./value-checks.js";
import type { Check } from "./value-checks.js";

/** What the schemas of fence.toml are put together from. */
export const str = (description: string, ...checks: readonly Check[]) =>
  z
    .string()
    .superRefine((value, context) => {
      const problem = check.all(...checks)(value);
      if (problem !== null) {
        const { message, ...params } = problem;
        context.addIssue({ code: "custom", message, params });
      }
    })
    .describe(description);

export const list = <T extends z.ZodType>(item: T, max: number, description: string) =>
  z.array(item).max(max).describe(description);

/** Keys that people choose are checked in key-check.ts, their number too. */
export const named = <T extends z.ZodType>(value: T, description: string) =>
  z.record(z.string(), value).describe(description);

export const path = (description: string) => str(description, check.filePath);
export const duration = (description: string) => str(description, check.duration);
/** Of a timer. */
export const timeout = (description: string) => str(description, check.duration, check.timeout);
export const urlPath = (description: string) => str(description, check.urlPath);
