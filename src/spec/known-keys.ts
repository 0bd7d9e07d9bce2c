import { z } from "zod";
import { specSchema } from "./schema.js";

/** The keys that a table of the spec may have, by its path; none for a path that is no table. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  return [...new Set(tableFormsAt(path).flat())];
}

/** The same, apart for each form of table that may stand at the path. */
export function tableFormsAt(path: readonly PropertyKey[]): string[][] {
  const forms = typesAt(path).flatMap(bare);
  return forms.map((type) => Object.keys(defOf(type).shape ?? {})).filter((keys) => keys.length > 0);
}

/** What stands at a path, as the schema says; null when it does not. */
export function descriptionAt(path: readonly PropertyKey[]): string | null {
  return typesAt(path).map((type) => z.globalRegistry.get(type)?.description)[0] ?? null;
}

function typesAt(path: readonly PropertyKey[]): z.core.$ZodType[] {
  return path.reduce<z.core.$ZodType[]>(
    (types, key) => types.flatMap((type) => step(type, key)),
    [specSchema],
  );
}

type Def = {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  innerType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  options?: z.core.$ZodType[];
};

function defOf(type: z.core.$ZodType): Def {
  return type._zod.def;
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
