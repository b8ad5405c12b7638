import type { Evidence } from '../harness/evidence/model.js';
import type { Finding } from '../harness/judge/finding.js';
import { type Arrow, type LadderModel, type Lane, ladderModel, type MediaRow } from './ladder-model.js';
import { oneLine } from './plain-text.js';
import { xmlText } from './xml-text.js';

/** Pixels. */
const LANE = 128;
const MARGIN = { left: 132, right: 72, top: 64, bottom: 24 };
const ROW = 30;
const CHARACTER = 7;

/** Colours by what they mean; the dark ones where the reader's system is dark. */
const STYLE = `
.q3953-ladder { --ink:#1c2430; --faint:#8a94a3; --lane:#c9d0da; --paper:#ffffff; --fail:#b3261e; --error:#7b1fa2; --inconc:#8a5a00; --warn:#8a5a00; --info:#0b57a4; --media:#dbe9f7; font:12px/1.2 ui-sans-serif,system-ui,sans-serif; background:var(--paper); }
@media (prefers-color-scheme: dark) { .q3953-ladder { --ink:#e6eaf0; --faint:#8d98a8; --lane:#3a4452; --paper:#12161c; --fail:#ff8a80; --error:#d7a1f0; --inconc:#ffcf66; --warn:#ffcf66; --info:#8ec5ff; --media:#1d3247; } }
.q3953-ladder text { fill:var(--ink); }
.q3953-ladder .paper { fill:var(--paper); }
.q3953-ladder .faint { fill:var(--faint); }
.q3953-ladder .network { font-weight:600; }
.q3953-ladder .lane { stroke:var(--lane); }
.q3953-ladder .arrow line, .q3953-ladder .arrow path.shaft { stroke:var(--ink); stroke-width:1.3; fill:none; }
.q3953-ladder .arrow path.head { fill:var(--ink); }
.q3953-ladder .dashed line, .q3953-ladder .dashed path.shaft { stroke-dasharray:5 4; }
.q3953-ladder .media rect { fill:var(--media); stroke:var(--lane); }
.q3953-ladder .hit { fill:transparent; stroke:none; }
.q3953-ladder a { cursor:pointer; }
.q3953-ladder a:focus { outline:none; }
.q3953-ladder a:hover .hit, .q3953-ladder a:focus .hit, .q3953-ladder a.chosen .hit { fill:var(--info); fill-opacity:.14; }
${['fail', 'error', 'inconc', 'warn', 'info']
  .map(
    (name) =>
      `.q3953-ladder .${name} line, .q3953-ladder .${name} path.shaft { stroke:var(--${name}); stroke-width:2; } .q3953-ladder .${name} path.head, .q3953-ladder .${name} text.label { fill:var(--${name}); } .q3953-ladder .${name} rect.band { stroke:var(--${name}); }`,
  )
  .join('\n')}
`.trim();

/** The ladder of a trace as an SVG document that stands alone: no script, nothing loaded, every text escaped. */
export function ladderSvg(evidence: Evidence, findings: readonly Finding[], title: string): string {
  return drawLadder(ladderModel(evidence, findings), title);
}

/** Draws a ladder. Every arrow and media band is an `<a>` with `data-message`, the index of its message in the evidence. */
export function drawLadder(model: LadderModel, title: string): string {
  const heights = model.rows.map((row) => (row.kind === 'arrow' ? ROW : ROW * levels(row).length));
  const body = heights.reduce((sum, height) => sum + height, 0);
  const width = MARGIN.left + Math.max(0, model.lanes.length - 1) * LANE + MARGIN.right;
  const height = MARGIN.top + body + MARGIN.bottom;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="q3953-ladder" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="group" aria-labelledby="ladder-title">`,
    `<title id="ladder-title">${xmlText(title)}</title>`,
    `<style>${STYLE}</style>`,
    ...model.lanes.map((_lane, index) => drawLane(index, height)),
  ];
  let y = MARGIN.top;
  for (const [index, row] of model.rows.entries()) {
    parts.push(row.kind === 'arrow' ? drawArrow(row, y, model.lanes) : drawMedia(row, y, model.lanes));
    y += heights[index] ?? ROW;
  }
  parts.push(
    `<g class="heads"><rect class="paper" x="0" y="0" width="${width}" height="50"/>`,
    ...model.lanes.map((lane, index) => drawHead(lane, index, model.lanes)),
    '</g>',
    '</svg>',
  );
  return `${parts.join('\n')}\n`;
}

function laneX(index: number): number {
  return MARGIN.left + index * LANE;
}

function drawLane(index: number, height: number): string {
  const x = laneX(index);
  return `<line class="lane" x1="${x}" y1="50" x2="${x}" y2="${height - MARGIN.bottom / 2}"/>`;
}

/** The name of a lane, and of its network where the network begins. */
function drawHead(lane: Lane, index: number, lanes: readonly Lane[]): string {
  const x = laneX(index);
  const isFirst = index === 0 || lanes[index - 1]?.network !== lane.network;
  const network =
    isFirst && lane.network !== null
      ? `<text class="network" x="${x - 24}" y="20">${xmlText(oneLine(lane.network, 24))}</text>`
      : '';
  const label = `<text x="${x}" y="42" text-anchor="middle">${xmlText(oneLine(lane.label, 20))}</text>`;
  return `<g><title>${xmlText(lane.name)}</title>${network}${label}</g>`;
}

function drawArrow(arrow: Arrow, y: number, lanes: readonly Lane[]): string {
  const from = laneX(arrow.from);
  const to = laneX(arrow.to);
  const base = y + 22;
  const times = arrow.count > 1 ? ` ×${arrow.count}` : '';
  const full = `${arrow.label}${times}`;
  const own = from === to;
  const space = own ? LANE : Math.abs(to - from);
  const room = Math.floor((space - 12) / CHARACTER) - arrow.referencePoint.length - 1 - times.length;
  const label = `${oneLine(arrow.label, Math.max(room, 6))}${times}`;
  const shaft = own
    ? `<path class="shaft" d="M${from} ${base - 8}h26v8h-22"/>`
    : `<line x1="${from}" y1="${base}" x2="${to - Math.sign(to - from) * 6}" y2="${base}"/>`;
  const tip = own ? `M${from + 1} ${base}l7 -4v8z` : `M${to} ${base}l${-Math.sign(to - from) * 8} -4v8z`;
  const textX = own ? from + 32 : (from + to) / 2;
  const text =
    `<text class="label" x="${textX}" y="${base - 5}" text-anchor="${own ? 'start' : 'middle'}">${xmlText(label)}` +
    ` <tspan class="faint">${xmlText(arrow.referencePoint)}</tspan></text>`;
  const classes = ['arrow', DASHED.has(arrow.protocol) ? 'dashed' : '', arrow.severity ?? ''].filter(
    (name) => name !== '',
  );
  const told = `${full}, ${nameOf(lanes, arrow.from)} to ${nameOf(lanes, arrow.to)}, ${arrow.referencePoint}, ${seconds(arrow.at)}${arrow.severity === null ? '' : `, ${arrow.severity}`}`;
  const left = own ? from - 4 : Math.min(from, to);
  return [
    `<text class="faint" x="8" y="${base}">${seconds(arrow.at)}</text>`,
    anchor(arrow.message, told, classes.join(' ')),
    `<rect class="hit" x="${left}" y="${y + 4}" width="${space}" height="${ROW - 4}"/>`,
    shaft,
    `<path class="head" d="${tip}"/>`,
    text,
    '</a>',
  ].join('');
}

const DASHED: ReadonlySet<string> = new Set(['diameter', 'dns', 'unknown']);

function drawMedia(row: MediaRow, y: number, lanes: readonly Lane[]): string {
  return levels(row)
    .flatMap((bands, level) =>
      bands.map((band) => {
        const left = laneX(Math.min(band.from, band.to));
        const span = Math.max(Math.abs(band.to - band.from) * LANE, 24);
        const top = y + level * ROW + 5;
        const counts = [band.rtp > 0 ? `RTP ${band.rtp}` : '', band.rtcp > 0 ? `RTCP ${band.rtcp}` : ''];
        const label = counts.filter((text) => text !== '').join('  ');
        const told = `${label} packets between ${nameOf(lanes, band.from)} and ${nameOf(lanes, band.to)}, from ${seconds(row.at)}`;
        return [
          anchor(band.message, told, `media ${band.severity ?? ''}`.trim()),
          `<rect class="band" x="${left}" y="${top}" width="${span}" height="${ROW - 10}" rx="3"/>`,
          `<rect class="hit" x="${left}" y="${top}" width="${span}" height="${ROW - 10}"/>`,
          `<text class="label" x="${left + span / 2}" y="${top + 14}" text-anchor="middle">${xmlText(oneLine(label, Math.floor(span / CHARACTER)))}</text>`,
          '</a>',
        ].join('');
      }),
    )
    .join('\n');
}

/** Bands that overlap stand under each other. */
function levels(row: MediaRow): readonly (readonly MediaRow['bands'][number][])[] {
  const found: MediaRow['bands'][number][][] = [];
  for (const band of row.bands) {
    const [low, high] = [Math.min(band.from, band.to), Math.max(band.from, band.to)];
    const free = found.find((level) =>
      level.every((other) => Math.max(other.from, other.to) <= low || Math.min(other.from, other.to) >= high),
    );
    if (free === undefined) found.push([band]);
    else free.push(band);
  }
  return found;
}

function anchor(message: number, told: string, classes: string): string {
  return `<a class="${classes}" id="message-${message}" href="#message-${message}" data-message="${message}" tabindex="0" role="button" aria-label="${xmlText(told)}"><title>${xmlText(told)}</title>`;
}

function nameOf(lanes: readonly Lane[], index: number): string {
  return lanes[index]?.name ?? '';
}

function seconds(microseconds: number): string {
  return `${(microseconds / 1_000_000).toFixed(3)} s`;
}
