/** How a call ended as the wire says it: the cause of the domain error that its caller gets, and for logs only. */
export class RpcStatusError extends Error {
  /** The name of the gRPC code. */
  readonly code: string;
  /** `/package.Service/Method`. */
  readonly path: string;

  constructor(path: string, code: string, details: string) {
    super(`${path}: ${code}: ${details}`);
    this.name = 'RpcStatusError';
    this.code = code;
    this.path = path;
  }
}
