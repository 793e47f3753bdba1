import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of HTTP/1.1, each with the answers that are under way on it. Between two requests such a connection
 * stays open for as long as its client likes, so that whoever closes the port has to know which of them are idle.
 */
export class Http1Connections {
  readonly #answers = new Map<Socket, Set<ServerResponse>>();
  #isDraining = false;

  /** A connection was opened. */
  add(socket: Socket): void {
    this.#answers.set(socket, new Set());
    socket.once('close', () => this.#answers.delete(socket));
  }

  /** The connection turned out to speak another version. */
  remove(socket: Socket): void {
    this.#answers.delete(socket);
  }

  /** A request came and is being answered. */
  answer(socket: Socket, response: ServerResponse): void {
    const answers = this.#answers.get(socket);
    answers?.add(response);
    response.once('close', () => {
      answers?.delete(response);
      if (this.#isDraining && answers?.size === 0) {
        socket.destroySoon();
      }
    });
    if (this.#isDraining) {
      announceClose(response);
    }
  }

  /** Closes the connections that are idle now, and each other one after its answer. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, answers] of this.#answers) {
      if (answers.size === 0) {
        socket.destroy();
      }
      answers.forEach(announceClose);
    }
  }
}

function announceClose(response: ServerResponse): void {
  if (!response.headersSent) {
    response.setHeader('connection', 'close');
  }
}
