/** A score with its grade: colour, number, and the word for those who see neither. */
import { score } from '../format.ts';
import { gradeLabel, gradeOf } from '../quality.ts';

export function GradeChip({ mos, what }: { mos: number | null; what: string }) {
  const grade = gradeOf(mos);
  return (
    <span class={`chip ${grade}`} title={`${what}: ${score(mos)} of 5, ${gradeLabel(grade)}`}>
      <span class="unseen">{what} </span>
      {score(mos)}
      <span class="unseen"> ({gradeLabel(grade)})</span>
    </span>
  );
}
