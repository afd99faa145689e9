// The player of a report: shows a finished run, one stage a policy, on one clock.
//
// It owns what stands in <section id="player"> and reads <script id="data">. Every step and count in it was made
// by the simulator: grey areas and numbers are everybody, counted at the frames; dots are the chosen events.
//
//   data ──► decode ──► stages: frames (everybody), lives (the chosen) ──┐ at an instant
//   clock: plain or stretched ───────────────────────────────────────────┴──► places ──► canvas, ledger, story
//
// Data goes in as text only; nothing is loaded; no style is an attribute. The address keeps the state:
// #t=8:51&event=1769&stretch=1&differ=1&guess=300,100. With &check=1 it plays itself and writes what it saw into
// <output id="check">, see the end of this file.
'use strict';
(() => {
const root = document.getElementById('player'), source = document.getElementById('data');
if (!root || !source) return;
const {min, max, floor, ceil, round} = Math;

// ---- Words

const NOUN = {queue: 'message', async: 'event', sync: 'call'};
const WAITING = {queue: 'visible', async: 'waiting', sync: 'waiting'};
const HIDDEN = {queue: 'hidden', async: 'retry due', sync: 'retry due'};
const RULER = {queue: 'hidden, visible again in', async: 'retry due in', sync: 'the caller tries again in'};
const plural = (n, noun) => number(n) + ' ' + noun + (n === 1 ? '' : 's');

/** A number with thin spaces between thousands and at most three digits behind the point. */
function number(n) {
  if (n === null || n === undefined) return 'unknown';
  const [whole, rest] = String(round(n * 1000) / 1000).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') + (rest ? '.' + rest : '');
}
/** An instant: 5:07, 1:05:07, 2d 3:05:07; cut, not rounded, so that it never says more than has passed. */
function clockText(seconds, decimals = 0) {
  const unit = 10 ** decimals, all = floor(seconds * unit + 1e-6), s = floor(all / unit);
  const two = n => String(n).padStart(2, '0'), m = floor(s / 60) % 60, h = floor(s / 3600) % 24, d = floor(s / 86400);
  const minutes = d ? d + 'd ' + h + ':' + two(m) : h ? h + ':' + two(m) : m;
  return minutes + ':' + two(s % 60) + (decimals ? '.' + String(all % unit).padStart(decimals, '0') : '');
}
/** The instant that clockText wrote; plain seconds too; null if it is neither. */
function clockRead(text) {
  const found = /^(?:(\d+)d[ +]?)?((?:\d+:){0,2}\d+(?:\.\d+)?)$/.exec(text ?? '');
  return found && found[2].split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + 86400 * (found[1] ?? 0);
}
const UNITS = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
/** A length of time in the largest unit that leaves it readable. */
function spanText(seconds) {
  const [unit, word] = UNITS.find(([unit]) => seconds === unit || seconds >= 1.5 * unit) ?? UNITS[3], n = seconds / unit;
  return number(Number(n.toPrecision(n < 100 ? 2 : 3))) + '\u00a0' + word;
}
function rateText(rate) {
  return rate > 0 && rate < 0.05 ? number(round(rate * 36000) / 10) + ' /h' : number(rate < 10 ? round(rate * 10) / 10 : round(rate)) + ' /s';
}

// ---- Elements

/** An element, `tag.class`, with properties if the second argument is an object; text stays text. */
function el(name, ...rest) {
  const [tag, className] = name.split('.'), made = document.createElement(tag);
  if (className) made.className = className;
  if (rest[0]?.constructor === Object) Object.assign(made, rest.shift());
  made.append(...rest);
  return made;
}
const on = (target, type, act) => { target.addEventListener(type, act); return target; };
const button = (text, act, properties = {}) => on(el('button', {type: 'button', ...properties}, text), 'click', act);

// ---- The data: columns of small integers, as the page's writer left them

const WHAT = {received: 2, run: 3, failed: 4, hidden: 5, back: 6, throttled: 7, redriven: 10};
/** What each step leaves an event in (null: in what it was), and the fate of one for which it is the last. */
const LEAVES = ['wait', 'wait', 'wait', 'run', 'failing', 'hidden', 'wait', 'hidden', 'done', 'dead', 'wait', 'lost', 'lost', 'lost', 'lost', null, 'lost'];
const FATES = ['still waiting', 'still waiting', 'still waiting', 'still running', 'failed', 'still hidden', 'still waiting', 'still waiting', 'done',
  'dead-lettered', 'still waiting', 'expired', 'dropped', 'failed', 'filtered', 'delivered', 'given up by its caller'];
/** The words of the ledger in the order of its bar: name, colour, whether it counts as lost. */
const PLACES = {
  succeeded: ['done', 'doneInk'], delivered: ['delivered', 'doneInk'], running: ['running', 'first'], visible: ['visible', 'slate'],
  hidden: ['hidden', 'retry'], in_flight: ['in flight', 'first'], waiting: ['waiting', 'slate'], dead_lettered: ['dead-lettered', 'dead'],
  failed: ['failed', 'lost', true], dropped: ['dropped', 'lost', true], expired: ['expired', 'lost', true], filtered: ['filtered', 'slate', true],
};
const summed = list => { let n = 0; return list.map(step => n += step); };
const most = list => list.reduce((a, b) => max(a, b), 0);

function decode(raw) {
  const tick = raw.tick_s, {caller, number: nth, guest} = raw.stages[0].events, {callers} = raw, alone = callers.length === 1;
  const stages = raw.stages.map(stage => decodeStage(stage, tick, raw.end * tick));
  const events = nth.map((n, i) => {
    const name = callers[caller[i]], fates = stages.map(stage => fate(stage.lives[i]));
    return {
      guest: guest[i] === 1, nth: String(n), fates, differs: fates.some(other => other !== fates[0]),
      key: alone ? String(n) : name + '-' + n, name: (alone ? '' : name + ' ') + '№\u00a0' + number(n),
    };
  });
  const timed = list => list.map(({words, at, from, to}) => ({words, at: at * tick, from: from * tick, to: to * tick}));
  return {
    ...raw, end: raw.end * tick, events, stages, noun: NOUN[stages[0].mode], faults: timed(raw.faults), marks: timed(raw.marks),
    guests: events.filter(event => event.guest).length, trial: raw.try && {...raw.try, t: summed(raw.try.t).map(n => n * tick)},
  };
}
function decodeStage(raw, tick, end) {
  const f = raw.frames, each = columns => Object.fromEntries(Object.entries(columns).map(([word, list]) => [word, summed(list)]));
  const dense = ({edges_s: edges, rows}) => ({edges, widths: edges.map((edge, k) => (edges[k + 1] ?? 2 * edge - (edges[k - 1] ?? edge - 1)) - edge), rows: rows.map(pairs => {
    const row = edges.map(() => 0);
    for (let k = 0; k < pairs.length; k += 2) row[pairs[k]] = pairs[k + 1];
    return row;
  })});
  const {t, entered, visible, hidden, running, dlq} = f, levels = each({entered, visible, hidden, running, dlq});
  const frames = {...levels, t: summed(t).map(n => n * tick), ledger: each(f.ledger), first: f.first, retry: f.retry, due: dense(f.due), done: dense(f.done)};
  const {from} = raw.events, stage = {...raw, end, frames, pieces: pieces(frames)};
  stage.lives = from.map((start, i) => decodeLife(raw.steps, start, from[i + 1] ?? raw.steps.t.length, tick));
  stage.lost = Object.keys(frames.ledger).filter(word => PLACES[word]?.[2]);
  stage.redrives = stage.lives.some(life => life.some(step => step.lives));
  giveSlots(stage);
  giveBins(stage);
  return stage;
}
/** One chosen event: its steps, each with what the event is in from then on. */
function decodeLife(steps, from, to, tick) {
  const life = [];
  let t = 0, state = 'wait', nth = 0, fails = 0, lives = 0, seat = null;
  for (let k = from; k < to; k++) {
    const what = steps.what[k];
    t += steps.t[k];
    if (what === WHAT.redriven) [fails, nth, lives] = [0, 0, lives + 1]; else nth = steps.nth[k] || nth;
    if (what === WHAT.failed) fails++;
    state = what === WHAT.throttled && !steps.until[k] ? 'wait' : LEAVES[what] ?? state;
    if (state === 'run') seat = {slot: 0};
    const seated = state === 'run' || state === 'failing' ? seat : null, prev = life.at(-1);
    life.push({t: t * tick, until: (t + steps.until[k]) * tick, what, state, nth, fails, lives, seat: seated, prev, rule: steps.rule[k], say: steps.say[k]});
    if (prev) prev.next = life.at(-1);
  }
  return life;
}
const fate = life => life.length ? FATES[life.at(-1).what] + (life.at(-1).lives ? ' after a redrive' : '') : 'never entered';
/** The pieces of the ledger's bar. What is open is told finer where the finer counts add up to it. */
function pieces({ledger, entered, visible, hidden, running}) {
  const zero = entered.map(() => 0), {waiting = zero, in_flight = zero, ...rest} = ledger;
  const finer = entered.every((_, i) => visible[i] + hidden[i] + running[i] === waiting[i] + in_flight[i]);
  const lists = {succeeded: zero, ...rest, ...finer ? {running, visible, hidden} : {in_flight, waiting}};
  return Object.keys(PLACES).filter(word => lists[word]).map(word => ({word, list: lists[word]}));
}
/** Each run of a chosen event gets a slot that is free, so that a dot keeps its place while it runs. */
function giveSlots({lives, slots, end}) {
  const runs = lives.flatMap((life, i) => life.filter(step => step.what === WHAT.run).map(step => ({i, step})));
  const free = [], count = slots || 64;
  for (const {i, step} of runs.sort((a, b) => a.step.t - b.step.t)) {
    let slot = slots ? i * 7 % count : 0;
    for (let tries = 0; tries < count && free[slot] > step.t; tries++) slot = (slot + 1) % count;
    free[slot] = step.next?.t ?? end;
    step.seat.slot = slot;
  }
}
/** What is done stands in its bin of age in the order of completion; what is lost, in one row. */
function giveBins(stage) {
  const {edges} = stage.frames.done, full = edges.map(() => 0), ended = step => step.state === 'done' || step.state === 'lost';
  const ends = stage.lives.flatMap(life => life.filter(ended).map(step => ({step, age: step.t - life[0].t})));
  let lost = 0;
  for (const {step, age} of ends.sort((a, b) => a.step.t - b.step.t)) {
    step.bin = max(0, lastNotAbove(edges, age));
    step.rank = step.state === 'lost' ? lost++ : full[step.bin]++;
  }
  [stage.faces, stage.lostFaces] = [most(full), lost];
  stage.deadFaces = stage.lives.filter(life => life.some(step => step.state === 'dead')).length;
}
// ---- An instant

/** The last index whose value is not above x; -1 if all are. */
function lastNotAbove(list, x, value = item => item) {
  let low = -1, high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value(list[middle]) <= x) low = middle; else high = middle - 1;
  }
  return low;
}
const stepAt = (life, t) => life[lastNotAbove(life, t, step => step.t)];

/** The frame counted last, the next, and how far it is to that. Areas glide; numbers stay those of a frame. */
function momentOf({frames: {t: times}}, t) {
  const i = max(0, lastNotAbove(times, t)), j = min(i + 1, times.length - 1);
  const share = j > i ? min(1, (t - times[i]) / (times[j] - times[i])) : 0;
  return {t, i, j, share, now: list => list[i], glide: list => list[i] + (list[j] - list[i]) * share};
}
/** How many stand where one waits: of synchronous callers all who have no answer yet. */
const standing = ({mode, frames: {visible, hidden, running}}, at) => at(visible) + (mode === 'sync' ? at(hidden) + at(running) : 0);
/** By how much a count grew a second, up to the frame. */
function growth({frames: {t}}, list, {i}) {
  return i > 0 && t[i] > t[i - 1] ? (list[i] - list[i - 1]) / (t[i] - t[i - 1]) : 0;
}

// ---- Time as it is watched. Plain: at one rate. Stretched: each gap between two steps of the followed event
// ---- lasts as the logarithm of its length, so that milliseconds and hours are both seen.

const GAP_S = 0.42, FINEST_S = 0.08;
const plainTime = (rate, end) => ({rate: () => rate, watched: t => t / rate, simulated: w => w * rate, whole: end / rate});

function stretchedTime(stages, event, end) {
  const steps = stages.flatMap(stage => stage.lives[event].map(step => step.t)).filter(t => t < end);
  const t = [...new Set([0, ...steps, end])].sort((a, b) => a - b), w = [0];
  for (let k = 1; k < t.length; k++) w.push(w[k - 1] + GAP_S * Math.log2(1 + (t[k] - t[k - 1]) / FINEST_S));
  const gap = (list, x) => min(list.length - 2, max(0, lastNotAbove(list, x)));
  const along = (a, b, x) => { const k = gap(a, x); return b[k] + (b[k + 1] - b[k]) * (x - a[k]) / (a[k + 1] - a[k]); };
  const rate = now => { const k = gap(t, now); return (t[k + 1] - t[k]) / (w[k + 1] - w[k]); };
  return {rate, watched: now => along(t, w, now), simulated: seen => along(w, t, seen), whole: w.at(-1)};
}
/** A round step that cuts a length of time into at most so many parts. */
function niceStep(length, parts) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
  return steps.find(step => length / step <= parts) ?? 2592000;
}
const niceRate = rate => Number(max(rate, 0.1).toPrecision(2));

// ---- Places. All stages share their scales, so that they can be compared by eye.

const R = 6.6, CELLS_MOST = 40;

function scalesOf({stages, sample, events, guests}) {
  const all = pick => most(stages.map(pick)), lastOf = ({rows}) => most(rows.map(row => row.findLastIndex(n => n > 0)));
  const counted = all(({frames: {due}}) => { const last = lastOf(due); return due.edges[last] + due.widths[last] || 0; });
  const walked = all(stage => most(stage.lives.flat().map(step => step.state === 'hidden' ? step.until - step.t : 0)));
  const rate = ({frames: {t, first, retry}}) => most(t.map((_, i) => i && (first[i] + retry[i]) / (t[i] - t[i - 1])));
  const rates = all(rate) || 1, caps = stages.map(stage => stage.capacity?.per_s ?? 0).filter(cap => cap <= 4 * rates);
  return {
    ruler: walked > 0 || all(stage => most(stage.frames.hidden)) > 0, due: counted > 1.2 * walked ? counted : walked || 1,
    density: all(({frames: {due}}) => most(due.rows.map(row => most(row.map((n, k) => n / due.widths[k]))))) || 1,
    standing: all(stage => most(stage.frames.t.map((_, i) => standing(stage, list => list[i])))) || 1,
    running: all(stage => most(stage.frames.running)) || 1, dlq: all(stage => most(stage.frames.dlq)) || 1,
    letters: stages.some(stage => stage.names.dlq || most(stage.frames.dlq)),
    lost: stages.some(stage => stage.lost.some(word => most(stage.frames.ledger[word]))),
    bins: max(4, all(stage => lastOf(stage.frames.done)) + 1), faces: all(stage => stage.faces) || 1, lostFaces: all(stage => stage.lostFaces) || 1,
    deadFaces: max(all(stage => stage.deadFaces), all(stage => most(stage.frames.dlq)) * events.length / max(1, sample.of)) || 1,
    storm: {rate: 1.12 * most([rates, ...caps]), dlq: 1.12 * (all(stage => most(stage.frames.dlq)) || 1)},
    each: max(1, sample.of / max(1, events.length - guests)),
  };
}
/** Left to right: caller, queue, function, done by age. Below: the ruler; dead letters and what is lost. */
function geometry(stage, width, scales) {
  const slim = width < 640, g = {width, slim, queueY: 44, queueHeight: 42, functionY: 21, functionHeight: 46, rulerY: 160, outcomeHeight: 34};
  const down = slim ? (scales.ruler ? 208 : 104) : 0, {slots} = stage;
  g.functionWidth = slim ? 100 : 115;
  g.queue = slim ? [62, width - 140] : [76, round(352 * width / 1016)];
  g.function = [g.queue[1] + (slim ? 28 : 34), g.queue[1] + (slim ? 128 : 149)];
  g.done = slim ? [2, width - 2] : [g.function[1] + 56, width - 4];
  g.doneTop = 17 + down; g.doneBase = 88 + down; g.outcomeY = 138 + down;
  g.binWidth = (g.done[1] - g.done[0]) / scales.bins;
  g.perRow = max(2, floor((g.binWidth - 5) / 7.1));
  g.pitch = min(7.1, 64 / ceil(scales.faces / g.perRow));
  g.ruler = [slim ? 12 : 30, g.function[1] - 6];
  const part = scales.letters && scales.lost ? g.done[0] + (g.done[1] - g.done[0]) * 0.6 : null;
  g.letters = scales.letters && [g.done[0], part ? part - 10 : g.done[1]];
  g.lost = scales.lost && [part ? part + 10 : g.done[0], g.done[1]];
  g.height = max(down + (g.letters || g.lost ? 192 : 108), scales.ruler && 198);
  g.cells = slots > 0 && slots <= CELLS_MOST;
  g.columns = slots <= 5 ? slots : ceil(slots / (slots <= 10 ? 2 : slots <= 21 ? 3 : 4));
  g.dueX = seconds => g.ruler[0] + (g.ruler[1] - g.ruler[0]) * min(1, max(0, seconds) / scales.due);
  giveRows(stage, 15 * scales.due / max(1, g.ruler[1] - g.ruler[0]));
  return g;
}
/** Who walk at one speed keep their distance: each gets a row of the ruler once and for all. */
function giveRows(stage, apart) {
  const last = [], hidden = stage.lives.flat().filter(step => step.state === 'hidden').sort((a, b) => a.until - b.until);
  for (const step of hidden) {
    const row = last.findIndex(until => step.until - until >= apart);
    step.row = row >= 0 ? row : last.length < 5 ? last.length : last.indexOf(min(...last));
    last[step.row] = step.until;
  }
}
function slotAt({g, slots}, slot) {
  const cell = g.cells ? min(g.functionWidth / g.columns, g.functionHeight / ceil(slots / g.columns)) : 15;
  const columns = g.cells ? g.columns : floor(g.functionWidth / cell), row = floor(slot / columns) % (g.cells ? slots : 3);
  return {x: g.function[0] + (slot % columns + 0.5) * cell, y: g.functionY + (row + 0.5) * cell, cell};
}
/** Where one stands in the line: it comes to its tail, and has walked to its head when it is taken. */
function placeInLine(stage, i, from, to, t) {
  const {g} = stage, leaves = to ?? stage.end + from + 1, left = leaves > from ? max(0, (leaves - t) / (leaves - from)) : 0;
  const depth = max(standing(stage, momentOf(stage, from).glide), standing(stage, momentOf(stage, t).glide) / 2);
  const reach = max(0, min(1, depth / scales.standing) * (g.queue[1] - g.queue[0]) - 2 * R - 4);
  return [g.queue[1] - R - 4 - reach * left, g.queueY + (i * 7 % 3 - 1) * 11];
}
/** Envelopes, closer when there are to be more, so that they fill their box as everybody does. */
function stack(m, k, [from, to], g, expected) {
  const pitch = min(21, (to - from - 14) / expected), rows = pitch < 10 ? 3 : pitch < 17 ? 2 : 1;
  m.r = min(R, pitch * rows / 2.7, 12 / rows);
  m.x = from + 17 + floor(k / rows) * pitch * rows;
  m.y = g.outcomeY + g.outcomeHeight / 2 + (k % rows - (rows - 1) / 2) * 32 / rows;
}
/** Every chosen event that is on a stage at an instant, with its place and shape. */
function placed(stage, t) {
  const {g} = stage, letters = [], marks = [];
  stage.lives.forEach((life, i) => {
    const step = stepAt(life, t);
    if (!step) return;
    const {state, nth, fails, lives} = step, m = {i, step, r: R, shape: {state, nth, fails, lives, guest: events[i].guest}};
    marks.push(m);
    if (stage.mode === 'sync' && /wait|run|hidden|failing/.test(state)) {
      const last = life.at(-1);
      m.caller = placeInLine(stage, i, life[0].t, /wait|run|hidden/.test(last.state) ? null : last.t, t);
    }
    if (state === 'wait') [m.x, m.y] = m.caller ?? placeInLine(stage, i, step.t, step.next?.t, t);
    else if (step.seat) placeRunning(stage, m, t);
    else if (state === 'hidden') [m.x, m.y] = [g.dueX(step.until - t), g.rulerY - 11 - step.row * 13.5];
    else if (state === 'done') placeDone(g, m);
    else if (state === 'lost') stack(m, step.rank, g.lost || g.done, g, scales.lostFaces);
    else letters.push(m);
  });
  letters.sort((a, b) => a.step.t - b.step.t).forEach((m, k) => stack(m, k, g.letters || g.done, g, scales.deadFaces));
  return marks;
}
function placeRunning(stage, m, t) {
  const {step} = m, {x, y, cell} = slotAt(stage, step.seat.slot), ends = step.until > step.t ? step.until : step.next?.t ?? stage.end;
  [m.x, m.y, m.r] = [x, y, min(R, cell * 0.38)];
  if (step.state === 'run') m.shape.part = min(16, round(16 * (t - step.t) / max(1e-9, ends - step.t)));
}
function placeDone(g, m) {
  const {bin, rank} = m.step, margin = (g.binWidth - (g.perRow - 1) * g.pitch) / 2;
  m.x = g.done[0] + min(bin, scales.bins - 1) * g.binWidth + margin + rank % g.perRow * g.pitch;
  m.y = g.doneBase - g.pitch * 0.62 - floor(rank / g.perRow) * g.pitch;
  m.r = min(3.1, g.pitch * 0.46);
}
/** Where a dot on its way comes from. */
function origin(stage, step) {
  const {g} = stage, {prev} = step;
  if (!prev) return [g.queue[0] - 50, g.queueY];
  if (prev.seat) { const {x, y} = slotAt(stage, prev.seat.slot); return [x, y]; }
  if (prev.state === 'hidden') return [g.dueX(prev.until - step.t), g.rulerY - 11];
  return prev.state === 'dead' ? [(g.letters || g.done)[0] + 17, g.outcomeY + g.outcomeHeight / 2] : [g.queue[1] - R - 4, g.queueY];
}
const WAY_S = 0.45;
/** A dot on its way to its place, in a bow; `ago`: seconds watched since its step. */
function onItsWay(stage, m, ago) {
  if (ago >= WAY_S || ago < 0) return m;
  const {step} = m, u = 1 - (1 - ago / WAY_S) ** 3, [x, y] = origin(stage, step), lift = step.state === 'done' ? -16 : step.what === WHAT.back ? 10 : 0;
  const bow = (from, to, by) => (1 - u) ** 2 * from + u * (1 - u) * (from + to + 2 * by) + u * u * to;
  const bursts = u < 0.6 && step.state === 'hidden' && step.prev?.state === 'failing';
  return {...m, x: bow(x, m.x, 0), y: bow(y, m.y, lift), r: R + (m.r - R) * u, shape: bursts ? {...m.shape, state: 'failing'} : m.shape};
}

// ---- The pen

const FONT = 'px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';
const COLOURS = 'ink muted faint line paper panel fault faultInk first retry retryInk onRetry fail done doneInk dead deadFill crowd crowd2 onMark'.split(' ');
const colour = {}, sprites = new Map();
let c = null;

function readColours() {
  const style = getComputedStyle(root);
  for (const name of COLOURS) colour[name] = style.getPropertyValue('--' + name).trim();
  sprites.clear();
}
/** Takes a canvas in hand, empty and as sharp as the screen; returns its width. */
function take(canvas, height, width = canvas.clientWidth) {
  const ratio = devicePixelRatio || 1, [w, h] = [round(width * ratio), round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    [canvas.width, canvas.height] = [w, h];
    canvas.style.height = height + 'px';
  }
  c = canvas.getContext('2d');
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.lineJoin = c.lineCap = 'round';
  return width;
}
function fill(ink) { c.fillStyle = colour[ink]; c.fill(); }
function stroke(ink, width) { c.strokeStyle = colour[ink]; c.lineWidth = width; c.stroke(); }
function path(...points) { c.beginPath(); points.forEach(([x, y], k) => k ? c.lineTo(x, y) : c.moveTo(x, y)); }
function line(ink, width, ...points) { path(...points); stroke(ink, width); }
function circle(x, y, r) { c.beginPath(); c.arc(x, y, r, 0, 7); }
function box(x, y, w, h, r) { c.beginPath(); c.roundRect(x, y, w, h, r); }
function arrowHead(x, y, angle) {
  const side = by => [x - 6 * Math.cos(angle + by), y - 6 * Math.sin(angle + by)];
  line('faint', 1.2, side(-0.5), [x, y], side(0.5));
}
/** A box of which a part is filled, from the left or from the right. */
function level(x, y, w, h, part, ink, fromRight) {
  box(x, y, w, h, 7);
  fill('panel');
  c.save(); c.clip(); c.fillStyle = colour[ink];
  c.fillRect(fromRight ? x + w * (1 - part) : x, y, w * part, h);
  c.restore();
}
/** Writes a text, cut where it has no room; returns its width. */
function write(text, x, y, {size = 11.5, weight = 450, ink = 'muted', align = 'left', most: room = Infinity} = {}) {
  c.font = weight + ' ' + size + FONT;
  c.fillStyle = colour[ink]; c.textAlign = align; c.textBaseline = 'alphabetic';
  let shown = text;
  while (shown.length > 1 && c.measureText(shown).width > room) shown = shown.slice(0, -2).trimEnd() + '…';
  c.fillText(shown, x, y);
  return c.measureText(shown).width;
}

// ---- Shapes: one vocabulary for stage, story and key. Shape says the state, colour says it again. They are
// ---- drawn in a unit circle.

function spiked(reach, spikes, inner) {
  path(...Array.from({length: 2 * spikes}, (_, k) => {
    const angle = Math.PI * k / spikes - Math.PI / 2, r = k % 2 ? reach * inner : reach;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  }));
  c.closePath();
}
function body(fails) { if (fails) spiked(1.24, 9 + 2 * min(fails, 3), 0.76); else circle(0, 0, 1); }

/** Draws a mark of radius r around the origin. `part`: how much of a run is over, in sixteenths. */
function mark({state, nth = 0, fails = 0, lives = 0, guest = false, part = 5}, r) {
  const again = fails > 0 || nth > 1, ink = again ? 'retry' : 'first', edge = again ? 'retryInk' : 'first', thin = max(1 / r, 0.17);
  c.save();
  c.scale(r, r);
  c.lineJoin = c.lineCap = 'round';
  if (state === 'crowd') { path([-1.4, 0.9], [-1.4, 0], [-0.8, -0.8], [-0.2, -0.3], [0.5, -0.9], [1.4, -0.2], [1.4, 0.9]); fill('crowd2'); }
  else if (state === 'dead' || state === 'lost') {
    const lines = state === 'dead' ? [[[-1.25, -0.9], [0, 0.25], [1.25, -0.9]]] : [[[-1.25, -0.9], [1.25, 0.9]], [[1.25, -0.9], [-1.25, 0.9]]];
    c.beginPath(); c.rect(-1.25, -0.9, 2.5, 1.8); fill('deadFill'); stroke('dead', thin);
    for (const points of lines) line('dead', thin, ...points);
  } else if (state === 'failing') { spiked(1.45, 11, 0.6); fill('fail'); }
  else if (state === 'done') {
    const plain = !fails || lives > 0;
    body(fails); fill(lives ? 'dead' : fails ? 'retry' : 'done');
    if (!plain) stroke('retryInk', 0.8 / r);
    if (r > 4) line(plain ? 'onMark' : 'onRetry', 0.24, [-0.42, 0.02], [-0.08, 0.36], [0.46, -0.34]);
  } else if (state === 'hidden') {
    body(fails); fill('paper');
    c.lineCap = 'butt'; c.setLineDash([0.42, 0.34]); stroke(edge, max(1.2 / r, 0.22)); c.setLineDash([]);
  } else if (state === 'run') {
    circle(0, 0, 1); fill('paper');
    if (part < 16) { c.beginPath(); c.moveTo(0, 0); c.arc(0, 0, 1, Math.PI * (part / 8 - 0.5), Math.PI * 1.5); fill(ink); }
    body(fails); stroke(edge, thin);
  } else if (state === 'caller') { circle(0, 0, 0.8); fill('paper'); stroke('muted', thin); }
  else { body(fails); fill(ink); if (again) stroke(edge, 0.9 / r); }
  if (lives && r > (state === 'dead' ? 6 : 3.2)) ringOfNewLife();
  if (guest && r > 2) { line('ink', 1 / r, [0.8, -0.7], [0.8, -2]); path([0.8, -2], [1.7, -1.65], [0.8, -1.25]); fill('ink'); }
  if (nth && r >= 5.5 && (state === 'wait' || state === 'hidden')) {
    c.font = '700 ' + (nth > 9 ? 1 : 1.28) + FONT; c.textAlign = 'center'; c.textBaseline = 'middle';
    c.fillStyle = colour[state === 'hidden' ? 'ink' : again ? 'onRetry' : 'onMark'];
    c.fillText(nth, 0, 0.08);
  }
  c.restore();
}
function ringOfNewLife() {
  c.beginPath(); c.arc(0, 0, 1.5, 0.5, 5.4); stroke('dead', 0.2);
  path([1.45, -1.06], [0.65, -1.58], [0.73, -0.66]); fill('dead');
}
/** Marks are painted once and copied, so that hundreds fit into a frame. */
function stamp(shape, x, y, r) {
  const ratio = devicePixelRatio || 1, size = ceil(r * 2.1) + 4;
  const key = [shape.state, shape.nth, min(shape.fails, 3), shape.lives > 0, shape.guest, shape.part, r.toFixed(1), ratio].join();
  if (sprites.size > 2000) sprites.clear();
  if (!sprites.has(key)) sprites.set(key, picture(shape, 2 * size, r));
  c.drawImage(sprites.get(key), x - size, y - size, 2 * size, 2 * size);
}
function picture(shape, size, r) {
  const canvas = el('canvas', {ariaHidden: 'true'}), ratio = devicePixelRatio || 1, before = c;
  canvas.width = canvas.height = ceil(size * ratio);
  c = canvas.getContext('2d');
  c.setTransform(ratio, 0, 0, ratio, size * ratio / 2, size * ratio / 2);
  mark(shape, r);
  c = before;
  return canvas;
}

// ---- A stage

function drawStage(stage, moment, bad) {
  drawQueue(stage, moment);
  drawFunction(stage, moment, bad);
  drawDone(stage, moment);
  if (scales.ruler) drawRuler(stage, moment);
  if (stage.g.letters) drawLetters(stage, moment);
  if (stage.g.lost) drawLost(stage, moment);
}
function caption(text, count, [x0, x1], y, n, ink = 'ink') {
  const wide = write(count, x1, y, {align: 'right', weight: n > 0 ? 640 : 450, ink: n > 0 ? ink : 'muted'});
  if (x1 - x0 - wide > 60) write(text, x0, y, {most: x1 - x0 - wide - 10});
}
function drawQueue(stage, moment) {
  const {g, names, frames} = stage, [x0, x1] = g.queue, y = g.queueY, sync = stage.mode === 'sync';
  const rate = growth(stage, frames.entered, moment), depth = standing(stage, moment.now);
  write(names.caller, 0, y - 27, {most: x0 - 10});
  const wide = write(rateText(rate), 0, y + 4, {size: 13, weight: 600, ink: rate > 0 ? 'ink' : 'muted'});
  line('faint', 1.2, [min(max(46, wide + 5), x0 - 14), y], [x0 - 8, y]);
  arrowHead(x0 - 8, y, 0);
  level(x0, y - g.queueHeight / 2, x1 - x0, g.queueHeight, min(1, standing(stage, moment.glide) / scales.standing), 'crowd', true);
  const counted = sync ? depth === 1 ? 'caller waits' : 'callers wait' : WAITING[stage.mode];
  caption(sync ? 'waiting for an answer' : names.queue ?? 'queue', number(depth) + ' ' + counted, g.queue, y - 27, depth);
  line('faint', 1.2, [x1 + 6, y], [g.function[0] - 9, y]);
  arrowHead(g.function[0] - 9, y, 0);
}
function drawFunction(stage, {t, now, glide}, bad) {
  const {g, slots, frames} = stage, [x0, x1] = g.function, y = g.functionY, high = g.functionHeight, running = now(frames.running);
  const edge = bad ? 'faultInk' : 'faint', full = slots !== null && running >= slots, bottom = y + high + (bad ? 18 : 14);
  if (bad) { box(x0 - 6, y - 5, g.functionWidth + 12, high + 10, 9); fill('fault'); }
  write(stage.names.function, x0, g.queueY - (bad ? 31 : 27), {most: g.functionWidth + 30});
  if (g.cells) {
    const faces = new Set(stage.lives.map(life => stepAt(life, t)).filter(step => step?.state === 'run').map(step => step.seat.slot));
    let others = running - faces.size;
    for (let slot = 0; slot < slots; slot++) {
      const at = slotAt(stage, slot), side = at.cell - 3;
      box(at.x - side / 2, at.y - side / 2, side, side, min(5, side / 4));
      if (faces.has(slot) || others-- > 0) fill('crowd2');
      stroke(edge, 1);
    }
  } else {
    level(x0, y, g.functionWidth, high, min(1, glide(frames.running) / (slots ?? scales.running)), 'crowd2');
    box(x0, y, g.functionWidth, high, 7);
    stroke(edge, 1);
  }
  write(number(running) + (slots === null ? ' running' : ' of ' + number(slots) + ' busy'), x0, bottom, {size: 11, weight: full ? 600 : 450, ink: full ? 'ink' : 'muted'});
  if (g.slim) return;
  line('faint', 1.2, [x1 + 12, g.queueY], [g.done[0] - 10, g.queueY]);
  arrowHead(g.done[0] - 10, g.queueY, 0);
}
function drawDone(stage, {i, j, now, share}) {
  const {g, frames: {done: {rows, edges}, ledger}} = stage, total = ledger.succeeded ? now(ledger.succeeded) : 0, every = g.binWidth < 42 ? 2 : 1;
  caption(stage.mode === 'sync' ? 'answered, by age' : 'done, by age', number(total), g.done, g.doneTop, total, 'doneInk');
  c.fillStyle = colour.crowd;
  for (let bin = 0; bin < scales.bins; bin++) {
    const high = min(g.doneBase - g.doneTop - 4, ((1 - share) * rows[i][bin] + share * rows[j][bin]) * g.pitch / (g.perRow * scales.each));
    c.fillRect(g.done[0] + bin * g.binWidth + 2, g.doneBase - high, g.binWidth - 4, high);
  }
  line('line', 1, [g.done[0], g.doneBase + 0.5], [g.done[1], g.doneBase + 0.5]);
  for (let bin = every; bin < scales.bins; bin += every) write(spanText(edges[bin]), g.done[0] + bin * g.binWidth, g.doneBase + 13, {align: 'center', size: 10.5});
}
/** How many wait to return in so many seconds. Two frames, both moved to this instant, fade into each other; they
 * stay where they are when they are too far apart for that. */
function dueDensity({frames: {due: {edges, widths, rows}, t: times}}, {t, i, j, share}, seconds) {
  const walk = times[j] - times[i] < scales.due ? 1 : 0;
  const density = (k, s) => { const bin = s < 0 ? -1 : lastNotAbove(edges, s); return bin < 0 ? 0 : rows[k][bin] / widths[bin]; };
  return (1 - share) * density(i, seconds + walk * (t - times[i])) + (share && share * density(j, seconds - walk * (times[j] - t)));
}
function drawRuler(stage, moment) {
  const {g, mode} = stage, [x0, x1] = g.ruler, y = g.rulerY, hidden = moment.now(stage.frames.hidden), steps = 160, apart = niceStep(scales.due, g.slim ? 4 : 6);
  const profile = Array.from({length: steps}, (_, k) => {
    const seconds = scales.due * k / steps;
    return [g.dueX(seconds), y - 60 * dueDensity(stage, moment, seconds) / scales.density];
  });
  path([x0, y], ...profile, [x1, profile[steps - 1][1]], [x1, y]);
  fill('crowd');
  line('faint', 1.2, [x0, y + 0.5], [x1, y + 0.5]);
  for (let s = 0; s <= scales.due + 1e-9; s += apart) {
    const x = g.dueX(s);
    line('faint', 1.2, [x, y + 0.5], [x, y + 5]);
    write(s ? spanText(s) : '0', x, y + 16, {align: x > x1 - 20 ? 'right' : 'center', size: 10.5});
  }
  caption(RULER[mode], number(hidden) + ' ' + HIDDEN[mode], g.ruler, y + 31, hidden);
  drawReturns(g);
}
/** The bows from a failed run to the ruler and from its zero to the queue. */
function drawReturns(g) {
  const [x0, x1] = g.ruler, y = g.rulerY, below = g.queueY + g.queueHeight / 2 + 6, to = g.queue[0] + 10, from = g.function[1];
  c.beginPath();
  c.moveTo(from - 14, g.functionY + g.functionHeight + 4); c.bezierCurveTo(from + 16, y - 52, from + 10, y - 22, x1 + 4, y - 8);
  c.moveTo(x0 - 4, y - 8); c.bezierCurveTo(x0 - (g.slim ? 14 : 32), y - 44, x0 - 6, below + 8, to, below);
  stroke('faint', 1.2);
  arrowHead(to, below, -0.75);
  write('returns', to + 8, below + 10, {size: 10.5});
}
function drawLetters(stage, moment) {
  const {g, names, dlq_rule: rule, frames: {dlq}} = stage, [x0, x1] = g.letters, y = g.outcomeY, depth = moment.now(dlq), leave = -growth(stage, dlq, moment);
  level(x0, y, x1 - x0, g.outcomeHeight, moment.glide(dlq) / scales.dlq, 'deadFill');
  caption('dead letters: ' + (names.dlq ?? 'none are kept'), number(depth), g.letters, y - 8, depth, 'dead');
  const text = leave > 0 ? '◂ ' + rateText(leave) + (stage.redrives ? ' redriven, back to the queue' : ' leave') : rule ? rule[1] : '';
  write(text, x0, y + g.outcomeHeight + 15, {size: 11, weight: leave > 0 ? 620 : 450, ink: leave > 0 ? 'dead' : 'muted', most: x1 - x0});
}
function drawLost({g, lost, frames: {ledger}}, {now}) {
  const [x0, x1] = g.lost, there = lost.filter(word => now(ledger[word])), count = there.reduce((sum, word) => sum + now(ledger[word]), 0);
  level(x0, g.outcomeY, x1 - x0, g.outcomeHeight, 0);
  caption('ended otherwise', number(count), g.lost, g.outcomeY - 8, count, 'dead');
  write(there.map(word => PLACES[word][0] + ' ' + number(now(ledger[word]))).join(', '), x0, g.outcomeY + g.outcomeHeight + 15, {size: 11, most: x1 - x0});
}
/** Draws the dots, the followed one last and with its name. */
function drawDots(stage, marks) {
  const dim = m => view.differ && !events[m.i].differs && m.i !== view.followed, rank = m => (m.i === view.followed ? 2 : 0) + (m.seat ? 1 : 0);
  for (const m of marks) {
    if (!m.caller || m.step.state === 'wait') continue;
    c.globalAlpha = dim(m) ? 0.13 : 0.7;
    line('faint', 1, m.caller, [m.x, m.y]);
    stamp({state: 'caller'}, ...m.caller, R);
  }
  for (const m of marks.sort((a, b) => rank(a) - rank(b))) {
    c.globalAlpha = dim(m) ? 0.13 : 1;
    stamp(m.shape, m.x, m.y, m.i === view.followed ? max(m.r, R) : m.r);
    if (m.i === view.followed) drawName(events[m.i].name, m, stage.g);
  }
  c.globalAlpha = 1;
  stage.hits = marks;
}
function drawName(name, {x, y, step}, g) {
  circle(x, y, 13);
  stroke('ink', 1.8);
  c.font = '680 11' + FONT;
  const wide = c.measureText(name).width + 12, beside = step.state === 'dead' && x + 16 + wide < g.width;
  const left = beside ? x + 16 : max(2, min(x - wide / 2, g.width - wide - 2)), top = beside ? y - 8 : y < g.functionY + 28 ? y + 16 : y - 32;
  box(left, top, wide, 16, 4);
  fill('ink');
  write(name, left + 6, top + 12, {weight: 680, size: 11, ink: 'paper'});
}

// ---- The storm chart, which is also the slider. Its time is linear whatever the clock does, and nothing is
// ---- drawn that was not watched.

/** First attempts and retries a second as areas, dead letters as a line on a scale of their own. */
function drawStorm({t, first, retry, dlq}, X, y, high, scale, seen) {
  const last = max(0, lastNotAbove(t, seen)), Y = rate => y - high * min(1, rate / scale.rate), none = t.map(() => 0);
  const sums = first.map((n, i) => n + retry[i]), edge = list => list.slice(1, last + 1).flatMap((n, k) => {
    const at = Y(n / max(1e-9, t[k + 1] - t[k]));
    return [[X(t[k]), at], [X(t[k + 1]), at]];
  });
  for (const [ink, above, below] of [['first', first, none], ['retry', sums, first]]) { path(...edge(above), ...edge(below).reverse()); fill(ink); }
  if (!most(dlq)) return;
  path(...dlq.slice(0, last + 1).map((n, i) => [X(t[i]), y - high * n / scale.dlq]));
  stroke('paper', 3.4);
  stroke('dead', 1.8);
}
function stormGeometry(width) {
  const slim = width < 640, high = 46, gap = slim ? 36 : 20, top = (slim ? 32 : 6) + (data.faults.length + data.marks.length ? 26 : 4);
  const [x0, x1] = slim ? [6, width - 14] : [108, width - 104], base = top + stages.length * (high + gap) - gap + 14;
  const time = px => max(0, min(data.end, (px - x0) / (x1 - x0) * data.end));
  return {slim, high, gap, top, x0, x1, base, height: base + (slim ? 52 : 44), X: t => x0 + (x1 - x0) * t / data.end, time};
}
/** The chart changes with a frame of the data, the playhead with one of the screen: the chart is painted apart. */
function drawSlider(g, width) {
  const known = view.followed < 0 ? '' : stages.map(({lives}) => lastNotAbove(lives[view.followed], view.seen, step => step.t));
  const state = [width, devicePixelRatio, view.time.whole, view.followed, known, stages.map(stage => momentOf(stage, view.seen).i)].join();
  const x = g.X(view.now);
  if (ui.painted !== state) {
    take(ui.chart, g.height, width);
    drawStorms(g);
    ui.painted = state;
  }
  take(ui.strips, g.height);
  c.drawImage(ui.chart, 0, 0, width, g.height);
  line('ink', 1.6, [x, g.top - 8], [x, g.base + 2]);
  circle(x, g.base + 2, 6);
  fill('ink');
  circle(x, g.base + 2, 2.2);
  fill('paper');
}
function drawStorms(g) {
  const {x0, x1, X} = g;
  stages.forEach((stage, k) => {
    const top = g.top + k * (g.high + g.gap), y = top + g.high;
    box(x0, top, x1 - x0, g.high, 0);
    fill('panel');
    c.fillStyle = colour.fault;
    for (const {from, to} of data.faults) c.fillRect(X(from), top, max(1, X(min(to, data.end)) - X(from)), g.high);
    drawStorm(stage.frames, X, y, g.high, scales.storm, view.seen);
    line('line', 1, [x0, y + 0.5], [x1, y + 0.5]);
    c.setLineDash([2, 3]);
    for (const {at} of data.marks) line('dead', 1, [X(at), top - 2], [X(at), y]);
    c.setLineDash([]);
    drawStormWords(stage, g, top, y, stage.capacity?.words !== stages[k - 1]?.capacity?.words);
    if (view.followed >= 0) drawTrack(stage.lives[view.followed], X, y + 8);
  });
  drawTimelineWords(g);
  drawAxis(g);
}
function drawStormWords({name, names, capacity, frames: {dlq}}, {slim, x0, x1, high}, top, y, told) {
  const small = {size: 10.5}, letters = names.dlq || most(dlq), wide = write(name, slim ? x0 : 0, slim ? top - 4 : top + 11, {ink: 'ink', weight: 640, size: 12, most: 100});
  write('attempts per s', slim ? x0 + wide + 8 : 0, slim ? top - 4 : top + 26, small);
  if (letters && !slim) write('dead letters', 0, top + 40, {...small, ink: 'dead'});
  if (capacity) {
    const over = capacity.per_s > scales.storm.rate, at = over ? top + 6 : y - high * capacity.per_s / scales.storm.rate, text = (over ? '↑ ' : '') + capacity.words;
    if (!over) line('ink', 1, [x0, at], [x1, at]);
    if (told) write(text, slim ? x1 : x1 + 7, slim ? top - 4 : at + 3, {...small, align: slim ? 'right' : 'left', most: slim ? x1 - x0 - wide - 100 : 97});
  }
  if (!letters || slim || view.seen < data.end) return;
  const left = dlq.at(-1);
  write(number(left) + ' left', x1 + 7, min(y - 1, max(top + 26, y - high * left / scales.storm.dlq + 3)), {size: 11, weight: 660, ink: 'dead', most: 97});
}
/** What the followed event did, below the chart. */
function drawTrack(life, X, y) {
  for (const {t, what, state, fails} of life) {
    if (t > view.seen) break;
    if ([WHAT.received, WHAT.run, WHAT.hidden, WHAT.back].includes(what)) continue;
    stamp({state, fails: state === 'wait' ? 0 : fails, lives: what === WHAT.redriven ? 1 : 0}, X(t), y, 3.8);
  }
}
/** The words of faults and changes; what finds no room in two rows is told above the stages. */
function drawTimelineWords({slim, top, x0, x1, X}) {
  const words = [...data.faults.map(fault => ({...fault, at: fault.from, ink: 'faultInk'})), ...data.marks.map(one => ({...one, ink: 'dead'}))];
  const free = [-Infinity, -Infinity], style = {size: 10.5, weight: 600, most: x1 - x0};
  c.font = '600 10.5' + FONT;
  for (const {words: text, at, ink} of words.sort((a, b) => a.at - b.at)) {
    const x = max(x0, min(X(at) + 4, x1 - c.measureText(text).width)), row = free.findIndex(end => end < x - 6);
    if (row >= 0) free[row] = x + write(text, x, top - (slim ? 20 : 5) - 13 * row, {...style, ink});
  }
}
/** Simulated time, linear; below it, where the same ticks fall on the clock of who watches. */
function drawAxis({slim, x0, x1, base, X}) {
  const {end} = data, step = niceStep(end, slim ? 5 : 9), small = niceStep(end, slim ? 30 : 90), y = base + 26, tells = 'a tick is ' + spanText(small);
  const [unit, word] = UNITS.find(([unit]) => step >= unit) ?? UNITS[3];
  for (let k = 0; k * step <= end + 1e-9; k++) {
    const x = X(k * step), last = (k + 1) * step > end + 1e-9;
    line('faint', 1, [x, base], [x, base + 5]);
    write(number(k * step / unit) + (last ? ' ' + word : ''), x, base + 18, {align: slim && x > x1 - 8 ? 'right' : 'center', size: 11});
  }
  for (let k = 0; k * small <= end + 1e-9; k++) {
    const x = x0 + (x1 - x0) * view.time.watched(k * small) / view.time.whole, long = Math.abs(k * small / step - round(k * small / step)) < 1e-6;
    line(long ? 'muted' : 'faint', 0.9, [x, y], [x, y + (long ? 9 : 5)]);
  }
  write(slim ? 'as watched: ' + tells : 'as watched', slim ? x0 : 0, slim ? y + 19 : y + 8, {size: 10.5});
  if (!slim) write(tells, x1 + 7, y + 8, {size: 10.5});
}

// ---- The player

const data = decode(JSON.parse(source.textContent)), {stages, events, noun} = data, scales = scalesOf(data);
const still = matchMedia('(prefers-reduced-motion: reduce)'), dark = matchMedia('(prefers-color-scheme: dark)');
const MINUTE = niceRate(data.end / 60);
const view = {
  now: 0, seen: 0, playing: false, started: false, asked: false, followed: -1, rate: MINUTE, stretch: false, differ: false,
  guess: stages.map(() => null), rules: new Set(), time: plainTime(MINUTE, data.end),
};
const KEYS = [
  ['space', 'play or pause'], ['← →', 'step'], ['N', 'next life'], ['P', 'the life before'], ['shift+← shift+→', 'a tenth of the time'],
  ['home end', 'beginning, end'], ['+ −', 'faster, slower'], ['W', 'stretch time'], ['D', 'only those that end otherwise'], ['esc', 'follow nobody'], ['?', 'this list']];
const keys = text => text.split(' ').map(key => el('kbd', key));
const ui = {
  clock: el('b'), tenths: el('small'), rate: el('i'), say: el('p.unseen', {ariaLive: 'polite'}),
  strips: el('canvas', {tabIndex: 0, role: 'slider', ariaLabel: 'Simulated time', ariaValueMin: '0', ariaValueMax: String(round(data.end))}),
  guess: el('div.card first'), story: el('div.card'), key: el('ul.key'), chart: el('canvas'), check: el('output', {id: 'check', hidden: true}),
  play: button('Play', () => play(!view.playing), {title: 'Play or pause (space)', className: 'main-button'}),
  stretch: button('Stretch time', () => stretch(!view.stretch), {title: 'Every gap of the followed life lasts as its logarithm (W)'}),
  differ: button('Only those that end otherwise', () => { view.differ = !view.differ; draw(true); keep(); }, {title: 'Dims what ends alike under each policy (D)'}),
};

function build() {
  const fair = events.length - data.guests, each = scales.each > 1.05 ? 'about ' + number(round(scales.each)) : 'one';
  const rates = new Map([[1, 'real time'], [niceRate(data.end / 240), 'four minutes'], [niceRate(data.end / 20), '20 seconds'], [MINUTE, 'a minute to watch']]);
  ui.speed = el('select', {ariaLabel: 'Speed', title: 'Speed (+ and −)'}, ...[...rates].sort((a, b) => a[0] - b[0]).map(([rate, words]) =>
    el('option', {value: rate, selected: rate === MINUTE}, '×' + number(rate) + ' (' + words + ')')));
  ui.pick = el('select', {ariaLabel: 'Follow one ' + noun}, el('option', {value: -1}, 'follow …'),
    ...events.map(({name, guest}, i) => el('option', {value: i}, name + (guest ? ', guest' : ''))));
  ui.help = el('dialog', {ariaLabel: 'All keys'}, el('h3', 'All keys'),
    el('dl', ...KEYS.flatMap(([names, text]) => [el('dt', ...keys(names)), el('dd', text)])),
    el('p', 'The address keeps the moment: copy it to share what you see.'), el('form', {method: 'dialog'}, el('button', 'Close')));
  root.replaceChildren(
    el('header', el('div', el('h2', 'Watch it'), el('p', 'One stage a policy, one clock, the same luck: ', el('b', 'grey is everybody, dots are faces.'))),
      el('div.clock', el('p', ui.clock, ui.tenths), el('p.rate', 'one second here is ', ui.rate))),
    el('div.desk', ...data.guess ? [ui.guess] : [],
      el('div.main', ...stages.map(buildStage), el('div.strips', ui.strips),
        el('div.controls', button('◂ step', () => step(-1), {title: 'Previous step (←)'}), ui.play, button('step ▸', () => step(1), {title: 'Next step (→)'}),
          ui.speed, ui.stretch, ui.differ, ui.pick, button('?', () => ui.help.showModal(), {title: 'All keys'})),
        el('p.hint', ...[...KEYS.slice(0, 3), ['?', 'all keys']].flatMap(([names, text]) => [...keys(names), text + '   '])),
        ...data.trial ? [buildTrial(data.trial)] : []),
      el('aside', ui.story, el('div.card', el('h3', 'What you see'), ui.key))),
    el('p.foot', 'Grey areas and numbers are everybody: ' + plural(data.sample.of, noun) + ', counted exactly every ' + spanText(stages[0].frames.t[1] ?? data.end) +
      '. The ' + plural(fair, 'dot') + ' are a fair sample, the same under every policy: one dot stands for ' + each + '.' +
      (data.guests ? ' ' + plural(data.guests, 'guest') + ' with a flag: chosen for a rare fate, each stands for itself.' : '')),
    ui.say, ui.help, ui.check);
  ui.differ.hidden = stages.length < 2;
  ui.differ.disabled = !events.some(event => event.differs);
}
function buildStage(stage) {
  const {name, setting, pieces, mode} = stage;
  stage.ledger = el('div.ledger', {role: 'img'});
  for (const piece of pieces) {
    piece.name = piece.word === 'hidden' ? HIDDEN[mode] : piece.word === 'visible' ? WAITING[mode] : PLACES[piece.word][0];
    piece.box = stage.ledger.appendChild(el('div'));
    piece.box.style.background = 'var(--' + PLACES[piece.word][1] + ')';
    if (piece.word === 'hidden') piece.box.style.color = 'var(--onRetry)';
  }
  Object.assign(stage, {sum: el('span.sum'), fault: el('span.fault'), canvas: el('canvas', {role: 'img'})});
  on(stage.canvas, 'click', event => follow(nearest(stage, event)?.i ?? -1));
  on(stage.canvas, 'pointermove', event => { stage.canvas.style.cursor = nearest(stage, event) ? 'pointer' : ''; });
  return el('section.stage', {ariaLabel: name}, el('h3', name, el('span', setting ?? ''), stage.fault, stage.sum), stage.ledger, stage.canvas);
}
function drawKey() {
  const {mode} = stages[0], failed = {nth: 1, fails: 1}, key = [
    ['not failed yet', {state: 'wait', nth: 1}], ['running', {state: 'run', part: 6}], ['fails', {state: 'failing'}], scales.ruler && [HIDDEN[mode] + ', failed once', {state: 'hidden', ...failed}],
    ['back, failed once', {state: 'wait', ...failed}], ['done at once', {state: 'done'}], ['done after a failure', {state: 'done', ...failed}],
    scales.letters && ['dead letter', {state: 'dead'}], scales.lost && ['lost, or told it failed', {state: 'lost'}], stages.some(stage => stage.redrives) && ['redriven: a new life', {state: 'wait', lives: 1}],
    mode === 'sync' && ['its caller, waiting', {state: 'caller'}], data.guests && ['guest: a rare fate', {state: 'wait', guest: true}], ['everybody, exact', {state: 'crowd'}]];
  ui.key.replaceChildren(...key.filter(Boolean).map(([text, shape]) => el('li', picture(shape, 26, 6.4), text)));
}

// ---- What is told in words

function drawLedger(stage, {i}) {
  const {pieces, ledger} = stage, width = ledger.clientWidth, sum = pieces.reduce((all, {list}) => all + list[i], 0);
  if (stage.told === i + '|' + width) return;
  stage.told = i + '|' + width;
  for (const {name, list, box} of pieces) {
    const share = sum ? list[i] / sum : 0, text = name + ' ' + number(list[i]);
    box.style.flexBasis = 100 * share + '%';
    box.hidden = !list[i];
    box.textContent = width * share > 14 + text.length * 6.6 ? text : '';
    box.title = text;
    box.dataset.count = list[i];
  }
  stage.sum.textContent = number(sum) + ' entered';
  ledger.ariaLabel = 'Ledger: ' + pieces.map(({box}) => box.title).join(', ') + '; together ' + number(sum);
}
function drawGuess() {
  const {guess, name} = data, over = view.seen >= data.end, state = over + '|' + view.started;
  if (!guess || ui.guessed === state) return;
  ui.guessed = state;
  const shown = value => value === null ? '?' : number(value) + (guess.unit ? ' ' + guess.unit : '');
  const part = value => 100 * min(1, max(0, (value - guess.from) / (guess.to - guess.from))) + '%';
  const rows = stages.map((stage, k) => {
    const truth = guess.truth[k] ?? null, mine = view.guess[k], out = el('output', shown(over ? truth : mine));
    if (over) {
      const bar = el('i'), pin = el('u', {hidden: mine === null, title: 'your guess: ' + shown(mine)});
      bar.style.width = part(truth ?? guess.from);
      pin.style.left = part(mine);
      return el('div.guess truth', el('span', stage.name), el('div', bar, pin), out);
    }
    const range = el('input', {type: 'range', min: guess.from, max: guess.to, step: Number(((guess.to - guess.from) / 200).toPrecision(1)), disabled: view.started, ariaLabel: 'Your guess for ' + stage.name});
    range.value = mine ?? (guess.from + guess.to) / 2;
    range.className = mine === null ? '' : 'set';
    on(range, 'input', () => { view.guess[k] = Number(range.value); out.textContent = shown(view.guess[k]); range.className = 'set'; });
    return el('div.guess', el('span', stage.name), range, out);
  });
  ui.guess.replaceChildren(el('h3', over ? 'What you guessed, what happened' : view.started ? 'Your guess' : 'Guess first'),
    el('p', guess.words + (over ? '. Bar: what happened; pin: your guess.' : ' – what will it be?')), ...rows, el('p.finding', over ? name.finding ?? name.answer ?? '' : ''));
}
/** The life of the followed event under each policy, as far as it was watched. */
function drawStory() {
  const event = events[view.followed], at = (stage, t) => lastNotAbove(stage.lives[view.followed], t, step => step.t);
  const known = event ? stages.map(stage => [at(stage, view.now), at(stage, view.seen)]) : [], state = view.followed + '|' + known + (view.seen >= data.end);
  if (ui.told === state) return;
  ui.told = state;
  const worlds = ['', '', ' in both worlds'][stages.length] ?? ' in all worlds';
  if (event) {
    ui.story.replaceChildren(el('h3', noun[0].toUpperCase() + noun.slice(1) + ' ' + event.name + worlds), el('div.story', ...stages.map((stage, k) =>
      el('div', el('h4', stage.name, el('span', view.seen >= data.end ? ' ' + event.fates[k] : '')), tellLife(stage.lives[view.followed], ...known[k])))));
  } else ui.story.replaceChildren(el('h3', 'The story of one ' + noun), el('p', 'Click a dot or press N: its life' + worlds + ', with the rule behind each step.'));
}
/** The steps around the present; a life can have thousands. */
function tellLife(life, now, seen) {
  const from = seen < 40 ? 0 : max(0, min(now, seen - 20) - 12), to = min(seen + 1, from + 40);
  const told = life.slice(from, to).map((step, k) => data.phrases[step.say] === '' ? '' : tellStep(step, from + k > now)).filter(Boolean);
  if (from) told.unshift(el('li.later', plural(from, 'step') + ' before'));
  if (to < life.length) told.push(el('li.later', seen < 0 ? 'not yet; → goes to where it begins' : '…'));
  return el('ol', ...told);
}
function tellStep({t, state, fails, what, rule: nth, say: phrase}, later) {
  const shape = {state, fails, lives: what === WHAT.redriven ? 1 : 0, part: 6}, [id, words] = data.rules[nth] ?? [];
  const item = el('li' + (later ? '.later' : ''), picture(shape, 18, 4.4), button(clockText(t, 1), () => { play(false); seek(t); say(); }, {title: 'Go there'}), ' ' + (data.phrases[phrase] ?? '') + ' ');
  if (!id) return item;
  const sentence = el('span.sentence', {hidden: !view.rules.has(id)}, words), chip = button(id, () => {
    sentence.hidden = !sentence.hidden;
    chip.ariaExpanded = String(!sentence.hidden);
    view.rules[sentence.hidden ? 'delete' : 'add'](id);
  }, {className: 'rule', title: words, ariaExpanded: String(!sentence.hidden)});
  item.append(chip, sentence);
  return item;
}
/** Tells who does not see the stages, when they stand still. */
function say() {
  ui.say.textContent = clockText(view.now, 1) + '. ' + stages.map(stage => {
    const step = view.followed >= 0 && stepAt(stage.lives[view.followed], view.now);
    return stage.name + ': ' + (view.followed < 0 ? stage.ledger.ariaLabel : step ? data.phrases[step.say] || step.state : 'not yet there');
  }).join('. ');
  keep();
}

// ---- Try it: the slider switches between runs that were made

function buildTrial({t, path: setting, points}) {
  const out = el('output'), chart = el('canvas', {role: 'img'}), table = el('table'), command = el('code');
  const range = el('input', {type: 'range', min: 0, max: points.length - 1, value: 0, ariaLabel: setting});
  const told = points[0].summary.map((_, k) => points.some(({summary}) => summary[k][1] !== 0));
  const rate = ({first, retry}) => most(first.map((n, i) => i && (n + retry[i]) / (t[i] - t[i - 1])));
  const scale = {rate: 1.12 * (most(points.map(rate)) || 1), dlq: 1.12 * (most(points.map(point => most(point.dlq))) || 1)};
  ui.trial = () => {
    const point = points[range.value], width = take(chart, 74);
    out.textContent = range.ariaValueText = point.value;
    command.textContent = point.command;
    chart.ariaLabel = 'Attempts per second and dead letters with ' + point.value;
    table.replaceChildren(...point.summary.filter((_, k) => told[k]).map(([name, value]) => el('tr', el('th', {scope: 'row'}, name), el('td', typeof value === 'string' ? value : number(value)))));
    drawStorm({t, ...point}, s => width * s / t.at(-1), 72, 70, scale, Infinity);
    line('line', 1, [0, 72.5], [width, 72.5]);
  };
  on(range, 'input', ui.trial);
  const section = el('section.trial', {ariaLabel: 'Try it'}, el('h3', 'Try it'), el('p', plural(points.length, 'run') + ' made before; nothing between them is guessed.'),
    el('label', el('code', setting), range, out), el('div.point', el('div', el('p', 'attempts per second and dead letters, at one scale for every run'), chart), table), el('p.command', command));
  section.setAttribute('data-told', '');
  return section;
}

// ---- Drawing an instant. `cut`: every dot stands in its place; otherwise those that just left are on their way.

function draw(cut) {
  const {now, time} = view, rate = time.rate(now), [whole, tenths] = clockText(now, 1).split('.'), watched = time.watched(now);
  view.seen = max(view.seen, now);
  ui.clock.textContent = whole;
  ui.tenths.textContent = '.' + tenths;
  ui.rate.textContent = spanText(rate);
  for (const stage of stages) {
    const {canvas} = stage, moment = momentOf(stage, now), bad = data.faults.filter(({from, to}) => from <= now && now < to);
    if (stage.g?.width !== canvas.clientWidth) stage.g = geometry(stage, canvas.clientWidth, scales);
    drawLedger(stage, moment);
    take(canvas, stage.g.height);
    drawStage(stage, moment, bad.length);
    drawDots(stage, placed(stage, now).map(m => cut || still.matches ? m : onItsWay(stage, m, watched - time.watched(m.step.t))));
    stage.fault.textContent = bad.map(({words}) => words).join(', ');
    if (!view.playing) canvas.ariaLabel = stage.name + ' at ' + clockText(now, 1) + '. ' + stage.ledger.ariaLabel;
  }
  ui.storm = stormGeometry(ui.strips.clientWidth);
  drawSlider(ui.storm, ui.strips.clientWidth);
  drawGuess();
  drawStory();
  ui.play.textContent = view.playing ? 'Pause' : now >= data.end ? 'Again' : 'Play';
  ui.stretch.ariaPressed = String(view.stretch);
  ui.differ.ariaPressed = String(view.differ);
  ui.pick.value = view.followed;
  ui.strips.ariaValueNow = String(round(now));
  ui.strips.ariaValueText = clockText(now);
  if (ui.untold && view.seen >= data.end) tellTheEnd();
}
function nearest(stage, {offsetX, offsetY}) {
  const far = m => Math.hypot(m.x - offsetX, m.y - offsetY), best = (stage.hits ?? []).reduce((a, b) => a && far(a) <= far(b) ? a : b, null);
  return best && far(best) < 16 ? best : null;
}
/** What tells the end (answer, charts) waits until the reader has watched, or asks for it. */
function hideTheEnd() {
  const told = document.querySelectorAll('[data-told]');
  if (!data.guess || !told.length || view.seen >= data.end) return;
  ui.untold = el('p.untold', 'The answer and its charts come when you have guessed and watched to the end. ', button('Show it now', tellTheEnd));
  told[0].before(ui.untold);
  for (const one of told) one.classList.add('untold-yet');
}
function tellTheEnd() {
  for (const one of document.querySelectorAll('[data-told]')) one.classList.remove('untold-yet');
  ui.untold.remove();
  ui.untold = null;
}

// ---- What one can do

let last = 0, drawn = 0;
/** One frame of the screen. With reduced motion the picture changes twice a second, by cuts. */
function frame(stamp) {
  if (!view.playing) return;
  const {now, time} = view, passed = min(0.1, max(0, (stamp - last) / 1000)), next = time.simulated(time.watched(now) + passed);
  last = stamp;
  view.now = data.end - next < 1e-6 ? data.end : max(now, next);
  if (view.now >= data.end) return play(false);
  if (!still.matches || stamp - drawn >= 500) { draw(); drawn = stamp; }
  requestAnimationFrame(frame);
}
function play(going) {
  if (going === view.playing) return;
  if (going && data.guess && !view.started && !view.asked && view.guess.every(one => one === null)) return askFirst();
  view.playing = going;
  if (going) {
    ui.guess.classList.remove('asked');
    view.started = true;
    if (view.now >= data.end) view.now = 0;
    last = performance.now();
    requestAnimationFrame(frame);
  }
  draw(view.now >= data.end);
  if (!going) say();
}
function askFirst() {
  view.asked = true;
  ui.guess.classList.add('asked');
  ui.guess.querySelector('p').textContent = ui.say.textContent = 'Guess first: ' + data.guess.words + '. Or press Play again to watch without a guess.';
  ui.guess.querySelector('input').focus();
}
function seek(t) {
  view.now = max(0, min(data.end, t));
  view.started ||= view.now > 0;
  draw(true);
}
/** To the next instant at which the followed event, or any that is shown, does something. */
function step(way) {
  play(false);
  const shown = view.followed >= 0 ? [view.followed] : chosen();
  const ahead = stages.flatMap(({lives}) => shown.flatMap(i => lives[i].map(one => one.t))).filter(t => way * (t - view.now) > 1e-6);
  if (!ahead.length) { ui.say.textContent = way > 0 ? 'That was the last step.' : 'That was the first step.'; return; }
  seek(ahead.reduce((a, b) => way * (b - a) < 0 ? b : a));
  say();
}
/** The events that are not dimmed. */
const chosen = () => [...events.keys()].filter(i => !view.differ || events[i].differs);
function follow(i) {
  view.followed = i;
  retime();
  draw(!view.playing);
  say();
}
/** The next life among those that have begun; if none has, the first to begin, and where it begins. */
function followNext(way) {
  const begins = i => min(...stages.map(stage => stage.lives[i][0]?.t ?? Infinity)), shown = chosen(), begun = shown.filter(i => begins(i) <= view.now);
  if (!shown.length) return;
  if (begun.length) return follow(way > 0 ? begun.find(i => i > view.followed) ?? begun[0] : begun.findLast(i => i < view.followed) ?? begun.at(-1));
  const first = shown.reduce((a, b) => begins(b) < begins(a) ? b : a);
  view.now = min(data.end, begins(first));
  follow(first);
}
function retime() {
  view.stretch &&= events.length > 0;
  if (view.stretch && view.followed < 0) view.followed = max(0, events.findIndex(event => event.differs));
  view.time = view.stretch ? stretchedTime(stages, view.followed, data.end) : plainTime(view.rate, data.end);
}
function stretch(wanted) { view.stretch = wanted; retime(); draw(!view.playing); keep(); }
function faster(by) {
  ui.speed.selectedIndex = max(0, min(ui.speed.options.length - 1, ui.speed.selectedIndex + by));
  setSpeed();
}
function setSpeed() { view.rate = Number(ui.speed.value); retime(); draw(!view.playing); }

/** Writes the moment into the address, and reads it from there. */
function keep() {
  const parts = ['t=' + clockText(view.now, 3).replace(' ', '+').replace(/\.?0+$/, '')];
  if (view.followed >= 0) parts.push('event=' + encodeURIComponent(events[view.followed].key));
  if (view.stretch) parts.push('stretch=1');
  if (view.differ) parts.push('differ=1');
  if (view.guess.some(one => one !== null)) parts.push('guess=' + view.guess.map(one => one ?? '').join());
  try { history.replaceState(null, '', '#' + parts.join('&')); } catch { /* not every frame may */ }
}
function recall() {
  const parts = Object.fromEntries(location.hash.slice(1).split('&').map(part => part.split('='))), guesses = (parts.guess ?? '').split(',');
  const t = clockRead(parts.t);
  view.followed = events.findIndex(({key, nth}) => parts.event === encodeURIComponent(key) || parts.event === nth);
  [view.stretch, view.differ] = [parts.stretch === '1', parts.differ === '1'];
  view.guess = stages.map((_, k) => guesses[k] && Number.isFinite(Number(guesses[k])) ? Number(guesses[k]) : null);
  ui.guessed = null;
  retime();
  seek(t ? t + 1e-6 : 0);
  say();
  return parts;
}
const tenth = way => () => { seek(view.now + way * data.end / 10); say(); };
const ACTS = {
  ' ': () => play(!view.playing), ArrowRight: () => step(1), ArrowLeft: () => step(-1), ShiftArrowRight: tenth(1), ShiftArrowLeft: tenth(-1),
  Home: () => { seek(0); say(); }, End: () => { seek(data.end); say(); }, n: () => followNext(1), p: () => followNext(-1), w: () => ui.stretch.click(),
  d: () => ui.differ.click(), Escape: () => follow(-1), '+': () => faster(1), '=': () => faster(1), '-': () => faster(-1), '?': () => ui.help.showModal(),
};
/** Keys are the player's when it has the focus, or when nothing has and it is in sight. */
function onKey(event) {
  const {target, key} = event, {top, bottom} = root.getBoundingClientRect(), idle = target === document.body && top < innerHeight && bottom > 0;
  const act = ACTS[event.shiftKey && key.startsWith('Arrow') ? 'Shift' + key : key.length === 1 ? key.toLowerCase() : key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || ui.help.open || !(idle || root.contains(target))) return;
  if (/INPUT|SELECT/.test(target.tagName) || key === ' ' && target.tagName === 'BUTTON') return;
  event.preventDefault();
  act();
}
function listen() {
  let held = false;
  const drag = event => held && seek(ui.storm.time(event.offsetX)), redraw = () => { ui.trial?.(); draw(!view.playing); };
  on(window, 'keydown', onKey);
  on(window, 'hashchange', recall);
  on(ui.speed, 'change', setSpeed);
  on(ui.pick, 'change', () => follow(Number(ui.pick.value)));
  on(ui.strips, 'pointerdown', event => { play(false); ui.strips.setPointerCapture(event.pointerId); held = true; drag(event); });
  on(ui.strips, 'pointermove', drag);
  on(ui.strips, 'pointerup', () => { held = false; say(); });
  on(dark, 'change', () => { readColours(); drawKey(); ui.told = ui.painted = null; redraw(); });
  new ResizeObserver(redraw).observe(root);
}

// ---- The player checks itself (&check=1): it plays by the frames that a screen would call for, on a clock of
// ---- their own, and writes what it saw as JSON. Judging it is left to who reads it.

function check() {
  const page = document.documentElement, kept = {...view};
  const seen = {error: null, wider: page.scrollWidth - page.clientWidth, instants: [], frames: 0, back: 0, mean_ms: 0, steps: []};
  try {
    for (let k = 1; k <= 10; k++) {
      seek(data.end * k / 10);
      seen.instants.push({t: view.now, stages: stages.map(({pieces, sum}) => ({
        bar: Object.fromEntries(pieces.map(({word, box}) => [word, Number(box.dataset.count)])), sum: sum.textContent,
        percent: pieces.reduce((all, {box}) => all + parseFloat(box.style.flexBasis), 0),
      }))});
    }
    seen.dots = stages.map(({hits}) => hits.length);
    seen.guess = ui.guess.textContent;
    Object.assign(view, {now: 0, asked: true});
    play(true);
    const begun = performance.now();
    for (let stamp = last, before = 0; seen.frames < 5000 && view.playing; seen.frames++) {
      frame(stamp += 1000 / 60);
      if (view.now < before) seen.back++;
      before = view.now;
    }
    seen.mean_ms = (performance.now() - begun) / seen.frames;
    seen.played_to = view.now;
    play(false);
    if (view.followed < 0) followNext(1);
    seek(0);
    for (let t = -1; seen.steps.length < 50 && view.now > t; step(1)) { t = view.now; seen.steps.push(t); }
    seek(data.end);
    seen.story = [...ui.story.querySelectorAll('ol')].map(list => [...list.children].map(item => item.textContent));
    Object.assign(view, kept);
    retime();
    draw(true);
    say();
  } catch (error) { seen.error = String(error.stack ?? error); }
  ui.check.textContent = JSON.stringify(seen);
}

readColours();
build();
drawKey();
const asked = recall();
hideTheEnd();
ui.trial?.();
listen();
if (asked.check === '1') check();
})();
