import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

const KNOWN = [
  { name: '--grpc-listen', isSwitch: false },
  { name: '--help', isSwitch: true },
];

function faultsOf(...argv: string[]): readonly string[] {
  return parseArguments(argv, KNOWN).faults;
}

test('an option takes the next argument or what follows the equals sign', () => {
  expect(parseArguments(['--grpc-listen', 'a:1'], KNOWN).options).toEqual(new Map([['--grpc-listen', 'a:1']]));
  expect(parseArguments(['--grpc-listen=a=1'], KNOWN).options).toEqual(new Map([['--grpc-listen', 'a=1']]));
});

test('a switch takes no value from the next argument', () => {
  expect(parseArguments(['--help', '--grpc-listen', 'a'], KNOWN)).toEqual({
    options: new Map([
      ['--help', undefined],
      ['--grpc-listen', 'a'],
    ]),
    faults: [],
  });
});

test('every argument that cannot be is named', () => {
  expect(faultsOf('--grpc-listn', 'a:1')).toEqual(['unknown option --grpc-listn: did you mean --grpc-listen?']);
  expect(faultsOf('--nothing-like-it=1', '--grpc-listen')).toEqual([
    'unknown option --nothing-like-it: see --help',
    '--grpc-listen: needs a value',
  ]);
  expect(faultsOf('--grpc-listen', '--help')).toEqual(['--grpc-listen: needs a value']);
  expect(faultsOf('--grpc-listen', 'a', '--grpc-listen', 'b')).toEqual(['--grpc-listen: given more than once']);
  expect(faultsOf('state')).toEqual(['unexpected argument state: only options are taken, see --help']);
  expect(faultsOf('-h')).toEqual(['unknown option -h: see --help']);
});
