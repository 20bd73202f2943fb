/**
 * Finds the text of a page that people do not see: in the colour of what is behind it, tiny, transparent, covered, or outside of the page.
 *
 * Text without ink over a picture is what text recognition writes: it is seen in the picture.
 */
import { areaOf, type Box, contains } from './pdf-geometry.ts';
import { type Area, followOperators, type OperatorList, type PageContext, type ShownText } from './pdf-operators.ts';

/** Text that one operator shows, and whether people see it. */
export interface Run extends Pick<ShownText, 'text' | 'start' | 'end'> {
  isSeen: boolean;
  /** True for text without ink over a picture. */
  isLayer: boolean;
}

const MAX_AREAS = 500;
const MAX_TINY_POINTS = 3;
/** Of the page, the share that a picture of it has. */
const SCAN_SHARE = 0.4;

/** @returns in the order of the operators */
export function findRuns(list: OperatorList, context: PageContext): Run[] {
  const { page } = context;
  const { texts, areas: painted } = followOperators(list, context);
  const areas = painted.toSorted((a, b) => areaOf(b.box) - areaOf(a.box)).slice(0, MAX_AREAS);
  areas.sort((a, b) => a.index - b.index);
  return texts.map((text) => judge(text, areas, page));
}

function judge(run: ShownText, areas: readonly Area[], page: Box): Run {
  const { text, start, end } = run;
  const middle: [number, number] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + run.points / 4];
  const around = areas.filter(({ box }) => contains(box, middle));
  const isOverPicture = around.some(({ kind, box }) => kind === 'picture' && areaOf(box) >= SCAN_SHARE * areaOf(page));
  const later = around.filter(({ index, kind }) => index > run.index && kind !== 'shape');
  const isUnderPicture = later.some(({ kind }) => kind === 'picture');
  const isCovered = later.some(({ kind }) => kind === 'rectangle');
  const isLayer = isOverPicture && !isCovered && (run.isInvisible || isUnderPicture);
  const isInk = !run.isInvisible && !run.isTransparent && !run.isClipped && !isUnderPicture && !isCovered;
  const behind = around.filter(({ index }) => index < run.index).at(-1);
  const background = behind === undefined ? '#ffffff' : behind.color;
  const isSeen =
    isLayer ||
    (isInk &&
      run.points > MAX_TINY_POINTS &&
      (contains(page, start, 5) || contains(page, middle, 5)) &&
      !areSimilar(run.color, background));
  return { text, start, end, isSeen, isLayer };
}

function areSimilar(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return false;
  const [first, second] = [levelsOf(one), levelsOf(other)];
  return first.every((level, index) => Math.abs(level - (second[index] ?? 0)) <= 16);
}

function levelsOf(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) || 0);
}
