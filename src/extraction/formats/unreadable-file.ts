/** Ends the reading of a file of which no text can be returned. */
import type { FileFault } from '../exchange.ts';

export class UnreadableFile extends Error {
  readonly fault: FileFault;

  constructor(fault: FileFault) {
    super(`the file has no text here: ${fault}`);
    this.name = 'UnreadableFile';
    this.fault = fault;
  }
}
