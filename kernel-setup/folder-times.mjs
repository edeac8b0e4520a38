// A reporter for vitest: prints the seconds of each folder of tests, the longest first, imports and hooks included. In vitest's
// own JSON report a file begins with its first test, behind what it prepares for all of them.
import { join, relative, sep } from 'node:path';

export default class FolderTimes {
  milliseconds = new Map();

  onTestModuleEnd(module) {
    const path = relative(join(module.project.config.root, 'tests'), module.moduleId);
    const folder = path.includes(sep) ? path.split(sep)[0] : 'tests';
    const { collectDuration, duration } = module.diagnostic();
    this.milliseconds.set(folder, (this.milliseconds.get(folder) ?? 0) + collectDuration + duration);
  }

  onTestRunEnd() {
    console.log('  seconds by folder of tests, two of them at a time:');
    for (const [folder, time] of [...this.milliseconds].sort(([, a], [, b]) => b - a))
      console.log(`    ${`${folder} `.padEnd(22, '.')} ${(time / 1000).toFixed(1).padStart(6)}`);
  }
}
