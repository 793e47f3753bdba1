/** Lets the process that measures ask how much CPU this one has used; ends this one when that one is gone. */
export function answerCpu(): void {
  process.on('message', (message: { readonly kind: string }) => {
    if (message.kind === 'cpu') process.send?.({ kind: 'cpu', value: process.cpuUsage() });
  });
  process.on('disconnect', () => process.exit(0));
}
