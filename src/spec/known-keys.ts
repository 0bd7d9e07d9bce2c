import type { z } from "zod";
import { specSchema } from "./schema.js";

/** The keys that a table of the spec may have, by its path; none for a path that is no table. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  return [...keysOf(path.reduce<z.core.$ZodType[]>((types, key) => types.flatMap((type) => step(type, key)), [specSchema]))];
}

type Def = { type: string; shape?: Record<string, z.core.$ZodType>; innerType?: z.core.$ZodType; element?: z.core.$ZodType; valueType?: z.core.$ZodType; options?: z.core.$ZodType[] };

function defOf(type: z.core.$ZodType): Def {
  return type._zod.def as unknown as Def;
}

/** The types that a schema stands for when optional, unions and the like are taken off. */
function bare(type: z.core.$ZodType): z.core.$ZodType[] {
  const def = defOf(type);
  if (def.innerType) return bare(def.innerType);
  return def.options ? def.options.flatMap(bare) : [type];
}

function step(type: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
  return bare(type).flatMap((one) => {
    const def = defOf(one);
    const inner = def.shape?.[String(key)] ?? def.element ?? def.valueType;
    return inner ? [inner] : [];
  });
}

function keysOf(types: readonly z.core.$ZodType[]): Set<string> {
  return new Set(types.flatMap(bare).flatMap((type) => Object.keys(defOf(type).shape ?? {})));
}
