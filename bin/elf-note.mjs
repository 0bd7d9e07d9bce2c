/** ELF of 64 bits, least byte first, as in elf(5). */
const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_PHDR = 6;
const READABLE = 4;
const PHOFF_AT = 0x20;
const PHENTSIZE_AT = 0x36;
const PHNUM_AT = 0x38;
const ENTRY_BYTES = 56;
const NOTE_HEAD_BYTES = 12;
/** The largest page of x86-64 and arm64. */
const PAGE_BYTES = 0x10000;

/**
 * A program with one more note, which it finds in its own memory. The note goes behind all that is there, in a segment
 * of its own, together with the table of segments, which has no room to grow where it is. As far from the first segment
 * in memory as in the file: kernels before 5.18 tell a program by that where its table is.
 * @param {Buffer} program
 * @param {string} name
 * @param {Buffer} content
 * @returns {Buffer}
 */
export function withNote(program, name, content) {
  if (program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1)
    throw new Error("not an ELF program of 64 bits, least byte first");
  if (program.readUInt16LE(PHENTSIZE_AT) !== ENTRY_BYTES) throw new Error("not the table of elf(5)");
  const table = tableOf(program);
  const loads = table.filter(({ type }) => type === PT_LOAD);
  const [first] = loads;
  if (first === undefined) throw new Error("the program has no segments");
  const base = first.address - first.offset;
  const memoryEnd = Math.max(...loads.map(({ address, memoryBytes }) => address + memoryBytes));
  const offset = roundedUp(Math.max(program.length, memoryEnd - base), PAGE_BYTES);
  const address = base + offset;

  const note = noteOf(name, content);
  const tableBytes = (table.length + 2) * ENTRY_BYTES;
  const noteAt = roundedUp(tableBytes, 16);
  const bytes = noteAt + note.length;
  const readable = (type, at, size, align) => ({
    ...{ type, flags: READABLE, offset: offset + at, address: address + at, physical: address + at },
    ...{ fileBytes: size, memoryBytes: size, align },
  });
  const moved = table.map((entry) => (entry.type === PT_PHDR ? readable(PT_PHDR, 0, tableBytes, 8) : entry));
  // Segments that are loaded stand in the order of their addresses.
  const lastLoad = table.findLastIndex(({ type }) => type === PT_LOAD);
  moved.splice(lastLoad + 1, 0, readable(PT_LOAD, 0, bytes, PAGE_BYTES));
  moved.push(readable(PT_NOTE, noteAt, note.length, 4));

  const made = Buffer.alloc(offset + bytes);
  program.copy(made);
  made.writeBigUInt64LE(BigInt(offset), PHOFF_AT);
  made.writeUInt16LE(moved.length, PHNUM_AT);
  moved.forEach((entry, index) => writeEntry(made, offset + index * ENTRY_BYTES, entry));
  note.copy(made, offset + noteAt);
  return made;
}

function tableOf(program) {
  const offset = Number(program.readBigUInt64LE(PHOFF_AT));
  return Array.from({ length: program.readUInt16LE(PHNUM_AT) }, (_, index) =>
    readEntry(program, offset + index * ENTRY_BYTES),
  );
}

function readEntry(program, at) {
  const number = (field) => Number(program.readBigUInt64LE(at + field));
  return {
    ...{ type: program.readUInt32LE(at), flags: program.readUInt32LE(at + 4), offset: number(8) },
    ...{ address: number(16), physical: number(24), fileBytes: number(32), memoryBytes: number(40) },
    align: number(48),
  };
}

function writeEntry(made, at, entry) {
  made.writeUInt32LE(entry.type, at);
  made.writeUInt32LE(entry.flags, at + 4);
  const { offset, address, physical, fileBytes, memoryBytes, align } = entry;
  [offset, address, physical, fileBytes, memoryBytes, align].forEach((value, index) =>
    made.writeBigUInt64LE(BigInt(value), at + 8 + index * 8),
  );
}

function noteOf(name, content) {
  const nameBytes = Buffer.byteLength(name) + 1;
  const contentAt = NOTE_HEAD_BYTES + roundedUp(nameBytes, 4);
  const note = Buffer.alloc(contentAt + roundedUp(content.length, 4));
  note.writeUInt32LE(nameBytes, 0);
  note.writeUInt32LE(content.length, 4);
  note.write(name, NOTE_HEAD_BYTES);
  content.copy(note, contentAt);
  return note;
}

function roundedUp(value, step) {
  return Math.ceil(value / step) * step;
}
