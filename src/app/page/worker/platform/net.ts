/** node:net in a tab, from which no server is asked: lists of addresses that nothing is looked up in. */
export class BlockList {
  addSubnet(): void {}
  addAddress(): void {}
}
