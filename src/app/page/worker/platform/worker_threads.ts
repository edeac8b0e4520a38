/** node:worker_threads in a tab: what would keep a lock alive for other machines has none to keep it from. */
export class Worker {
  unref(): void {}
  postMessage(): void {}
}
