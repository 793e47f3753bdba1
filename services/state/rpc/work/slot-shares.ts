/** How many of a worker's slots a node may fill, so that all of them together never fill more than there are. */
export function shareOfSlots(slots: number, nodes: number, index: number): number {
  const even = Math.floor(slots / nodes);
  return even + (index < slots % nodes ? 1 : 0);
}
