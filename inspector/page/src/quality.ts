/**
 * The scale of quality: five steps from blue to red-brown, which stay apart for every common kind of colour blindness
 * and in grey, and which always come with a number or a word.
 */
export type Grade = 'great' | 'good' | 'fair' | 'poor' | 'bad' | 'none';

/** Lowest score of each grade; under 3.1 many users are dissatisfied (G.109). */
export function gradeOf(mos: number | null): Grade {
  if (mos === null) return 'none';
  if (mos >= 4) return 'great';
  if (mos >= 3.6) return 'good';
  if (mos >= 3.1) return 'fair';
  return mos >= 2.5 ? 'poor' : 'bad';
}

export const grades: readonly { readonly grade: Grade; readonly label: string; readonly range: string }[] = [
  { grade: 'great', label: 'very good', range: '4.0 and above' },
  { grade: 'good', label: 'good', range: '3.6 to 4.0' },
  { grade: 'fair', label: 'fair', range: '3.1 to 3.6' },
  { grade: 'poor', label: 'poor', range: '2.5 to 3.1' },
  { grade: 'bad', label: 'bad', range: 'under 2.5' },
  { grade: 'none', label: 'no score', range: '' },
];

export const gradeLabel = (grade: Grade): string => grades.find((g) => g.grade === grade)!.label;

/** The colours as they stand in the style sheet, for what is drawn on canvas. */
export function gradeColours(): Record<Grade, string> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    grades.map(({ grade }) => [grade, style.getPropertyValue(`--${grade}`).trim()]),
  ) as Record<Grade, string>;
}
