/** The default vitest report, then why tests were skipped, then one line: `N passed, N failed`. */
import { DefaultReporter } from 'vitest/node';

/** The shape of a vitest reporter demands a class and a default export. */
export default class Reporter extends DefaultReporter {
  onTestRunEnd(modules, unhandled, reason) {
    super.onTestRunEnd(modules, unhandled, reason);
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state) => tests.filter((test) => test.result().state === state);
    const skipped = inState('skipped');
    const passed = inState('passed').length;
    // A file that cannot be loaded and an error outside a test have no test of their own.
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length;
    const failed = inState('failed').length + inState('pending').length + broken + unhandled.length;
    for (const test of skipped) console.log(`skipped: ${test.fullName}: ${whySkipped(test)}`);
    const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
    console.log(`${passed} passed, ${failed} failed${tail}`);
    if (failed > 0 || passed === 0) process.exitCode = 1;
  }
}

function whySkipped(test) {
  return test.result().note ?? 'no reason was given';
}
