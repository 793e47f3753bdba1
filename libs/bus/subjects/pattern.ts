/**
 * Whether a subject matches a pattern, by the rules of NATS: `*` stands for one token, `>` at the end for one or more.
 *
 * @throws RangeError when the pattern has an empty token, or `>` anywhere but at the end.
 */
export function createSubjectMatch(pattern: string): (subject: string) => boolean {
  const wanted = pattern.split('.');
  const rest = wanted.indexOf('>');
  if (wanted.includes('') || (rest !== -1 && rest !== wanted.length - 1)) {
    throw new RangeError(`"${pattern}" is no pattern of subjects`);
  }
  return (subject) => {
    const tokens = subject.split('.');
    if (rest === -1 ? tokens.length !== wanted.length : tokens.length < wanted.length) return false;
    return wanted.every((token, i) => token === '*' || token === '>' || token === tokens[i]);
  };
}
