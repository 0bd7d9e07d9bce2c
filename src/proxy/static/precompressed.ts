import type { Client } from "../front/client.js";
import { codingsFor, type Coding } from "../wire/content-coding.js";
import { fieldValue } from "../wire/field-value.js";
import type { RequestHead } from "../wire/types.js";
import { FILES, type Found } from "./file-store.js";

/** The smaller one first. */
const OFFERED: readonly Coding[] = ["br", "gzip"];
const ENDS: Readonly<Record<Coding, string>> = { br: ".br", gzip: ".gz" };

/** A file as it is, or in a compressed form that lies beside it. */
export interface Variant {
  readonly found: Found;
  /** null: as it is. */
  readonly coding: Coding | null;
}

/** @returns null: the disk has to be asked */
export function knownVariant(
  { context }: Client,
  { fields }: RequestHead,
  dir: string,
  path: string,
  found: Found,
): Variant | null {
  const { tick } = context.clock;
  for (const coding of codingsFor(fieldValue(fields, "accept-encoding"), OFFERED)) {
    const beside = path + ENDS[coding];
    const known = FILES.known(dir, beside, tick);
    if (known === null && !FILES.isKnownAbsent(beside, tick)) return null;
    if (known !== null && isOf(known, found)) return { found: known, coding };
  }
  return { found, coding: null };
}

/** Takes over the file's handle, if it has one. @throws as FileStore.find */
export async function findVariant(
  client: Client,
  request: RequestHead,
  dir: string,
  path: string,
  found: Found,
): Promise<Variant> {
  try {
    return await besides(client, request, dir, path, found);
  } catch (error) {
    await found.handle?.close();
    throw error;
  }
}

async function besides(
  { context }: Client,
  { fields }: RequestHead,
  dir: string,
  path: string,
  found: Found,
): Promise<Variant> {
  for (const coding of codingsFor(fieldValue(fields, "accept-encoding"), OFFERED)) {
    const beside = await FILES.find(dir, path + ENDS[coding], context.clock.tick);
    if (beside.kind !== "file") continue;
    if (isOf(beside, found)) {
      await found.handle?.close();
      return { found: beside, coding };
    }
    await beside.handle?.close();
  }
  return { found, coding: null };
}

/** An older one was made of what the file was before. */
function isOf(beside: Found, found: Found): boolean {
  return beside.modifiedSec >= found.modifiedSec;
}
