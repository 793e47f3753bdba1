import { answerCpu } from './answer-cpu.ts';

answerCpu();
await import('#services/state/main.ts');
