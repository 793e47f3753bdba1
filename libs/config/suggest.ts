/** The name that somebody who wrote `wrong` most likely meant; undefined when none is near. */
export function maybeNearest(wrong: string, names: readonly string[]): string | undefined {
  // A third of the letters may differ: enough for slips and a missing word, too little for another name.
  let best = Math.max(2, Math.floor(wrong.length / 3)) + 1;
  let nearest: string | undefined;
  for (const name of names) {
    const distance = editDistance(wrong, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

/** How many letters must be put in, taken out or changed to make one text of the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[to.length] ?? 0;
}
