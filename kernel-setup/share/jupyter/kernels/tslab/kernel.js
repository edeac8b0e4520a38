// Starts tslab, the notebook kernel, and lets it answer requests only once all of its channels are open. By itself it
// answers as soon as the first one is, and fails with EBUSY where the channel of the outputs is still being opened.
const { join } = require('node:path');

const tslab = join(__dirname, '../../../../../node_modules/tslab');
const { ZmqServer } = require(join(tslab, 'dist/jupyter.js'));
const { init, handleShellMessage } = ZmqServer.prototype;

ZmqServer.prototype.init = function open() {
  this.opened = init.call(this);
  return this.opened;
};
ZmqServer.prototype.handleShellMessage = async function answer(...message) {
  await this.opened;
  return handleShellMessage.apply(this, message);
};

require(join(tslab, 'bin/tslab'));
