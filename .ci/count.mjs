/**
 * Prints the closing line from vitest's JSON report: `node .ci/count.mjs REPORT`. A test file that could not even be
 * loaded counts as one failure, and so does a run that left no report. Exit code 1 when anything failed.
 */
import { readFileSync } from 'node:fs';

const { passed, failed, skipped } = count(process.argv[2]);
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed ? 1 : 0;

function count(/** @type {string | undefined} */ file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file ?? '', 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const unloaded = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ { status, assertionResults }) =>
      status === 'failed' && assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
