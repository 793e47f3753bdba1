const OP_MSG = 2013;
/** In an OP_MSG: header, flags, kind of section, length of the document. Then the type of its first field, and its name. */
const FIRST_FIELD = 16 + 4 + 1 + 4;
const STRING = 2;

/** Cuts a stream of the MongoDB protocol into whole messages; each begins with its length. */
export function createFramer(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      onMessage(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  };
}

/** The name of a command, with its collection where that is its value; undefined for what is no command. */
export function commandOf(message: Buffer): string | undefined {
  if (message.readInt32LE(12) !== OP_MSG) {
    return undefined;
  }
  const end = message.indexOf(0, FIRST_FIELD + 1);
  const name = message.toString('latin1', FIRST_FIELD + 1, end);
  if (message[FIRST_FIELD] !== STRING) {
    return name;
  }
  const from = end + 1 + 4;
  return `${name} ${message.toString('utf8', from, message.indexOf(0, from))}`;
}
