// The player of a report: shows a finished run, one stage a policy, on one clock.
//
// It owns all that stands in <section id="player"> and reads the object in <script id="data">. It decides
// nothing: every step of an event and every count was made by the simulator. Grey areas and numbers are
// everybody, counted at the frames; dots are the chosen events, the same under each policy.
//
//   data ──► decode ──► stages: frames (everybody) and lives (the chosen)
//                          │ at an instant
//                          ▼
//   clock ──► instant ──► places of dots ──► drawing (canvas), ledger and story (text)
//
// Everything from the data goes in as text. Nothing is loaded, no style is an attribute, the address keeps
// the state: #t=8:51&event=1769&stretch=1&differ=1&guess=300,100. With &check=1 the player plays itself
// once and writes what it saw into <output id="check">, see the end of this file.
'use strict';
(() => {
const root = document.getElementById('player'), source = document.getElementById('data');
if (!root || !source) return;

// ---- Words

const NOUN = {queue: 'message', async: 'event', sync: 'call'};
const WAITING = {queue: 'visible', async: 'waiting', sync: 'wait'};
const HIDDEN = {queue: 'hidden', async: 'retry due', sync: 'retry due'};
const RULER = {queue: 'hidden, visible again in', async: 'retry due in', sync: 'the caller tries again in'};
const plural = (n, noun) => number(n) + ' ' + noun + (n === 1 ? '' : 's');

/** A number with thin spaces between thousands; at most three digits behind the point. */
function number(n) {
  if (n === null || n === undefined) return 'unknown';
  const [whole, rest] = String(Math.round(n * 1000) / 1000).split('.');
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return rest ? spaced + '.' + rest : spaced;
}

/** An instant: 5:07, 1:05:07, 2d 3:05:07; cut, not rounded, so that it never says more than has passed. */
function clockText(seconds, decimals = 0) {
  const unit = 10 ** decimals, all = Math.floor(seconds * unit + 1e-6), s = Math.floor(all / unit);
  const two = n => String(n).padStart(2, '0');
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  const hours = d ? d + 'd ' + h + ':' + two(m) : h ? h + ':' + two(m) : String(m);
  return hours + ':' + two(s % 60) + (decimals ? '.' + String(all % unit).padStart(decimals, '0') : '');
}

/** The instant that clockText wrote, or null. */
function clockRead(text) {
  const found = /^(?:(\d+)d)?[ +]?(?:(\d+):)?(?:(\d+):)?(\d+(?:\.\d+)?)$/.exec(text || '');
  if (!found) return null;
  const [, d, a, b, s] = found, [h, m] = b === undefined ? [0, a] : [a, b];
  return (d || 0) * 86400 + (h || 0) * 3600 + (m || 0) * 60 + Number(s);
}

/** A length of time in the largest unit that leaves it readable. */
function spanText(seconds) {
  const [unit, word] = seconds >= 172800 ? [86400, 'd'] : seconds >= 7200 ? [3600, 'h'] : seconds >= 90 || seconds === 60 ? [60, 'min'] : [1, 's'];
  const n = seconds / unit;
  return number(n >= 10 ? Math.round(n) : n >= 1 ? Math.round(n * 10) / 10 : Math.round(n * 100) / 100) + '\u00a0' + word;
}

/** An element with properties and children; text among the children stays text. */
function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (/^(aria-|role|for|data-)/.test(key)) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

// ---- The data: columns of small integers, as the page's writer left them

const summed = list => { let n = 0; return list.map(step => n += step); };
const WHAT = {sent: 0, waiting: 1, received: 2, run: 3, failed: 4, hidden: 5, back: 6, throttled: 7, done: 8, dead: 9, redriven: 10, expired: 11, dropped: 12, refused: 13, filtered: 14, delivered: 15, left: 16};
/** What a step leaves an event in; null leaves it as it was. */
const LEAVES = ['wait', 'wait', 'wait', 'run', 'failing', 'hidden', 'wait', 'hidden', 'done', 'dead', 'wait', 'lost', 'lost', 'lost', 'lost', null, 'lost'];
/** The words of the ledger: name, colour, whether it is lost. */
const PLACES = {
  succeeded: ['done', 'bar-done'], delivered: ['delivered', 'bar-done'],
  running: ['running', 'bar-first'], visible: ['visible', 'bar-slate'], hidden: ['hidden', 'bar-retry'],
  in_flight: ['in flight', 'bar-first'], waiting: ['waiting', 'bar-slate'],
  dead_lettered: ['dead-lettered', 'bar-dead'], failed: ['failed', 'bar-lost', true], dropped: ['dropped', 'bar-lost', true],
  expired: ['expired', 'bar-lost', true], filtered: ['filtered', 'bar-slate', true],
};

function decode(raw) {
  const tick = raw.tick_s, end = raw.end * tick;
  const first = raw.stages[0], events = first.events.number.map((nth, i) => {
    const caller = raw.callers[first.events.caller[i]];
    const alone = raw.callers.length === 1;
    return {caller, nth, guest: first.events.guest[i] === 1, key: alone ? String(nth) : caller + '-' + nth, name: (alone ? '' : caller + ' ') + '№\u00a0' + number(nth)};
  });
  const stages = raw.stages.map(stage => decodeStage(raw, stage, tick, end));
  for (const [i, event] of events.entries()) {
    const fates = stages.map(stage => fate(stage.lives[i]));
    event.differs = fates.some(other => other !== fates[0]);
    event.fates = fates;
  }
  const times = list => list.map(one => ({...one, at: one.at * tick, from: one.from * tick, to: one.to * tick}));
  return {
    ...raw, end, events, stages, noun: NOUN[first.mode],
    faults: times(raw.faults), marks: times(raw.marks),
    guests: events.filter(event => event.guest).length,
    trial: raw.try && decodeTrial(raw.try, tick),
  };
}

function decodeStage(raw, stage, tick, end) {
  const f = stage.frames, t = summed(f.t).map(n => n * tick);
  const dense = ({edges_s, rows}) => ({edges: edges_s, rows: rows.map(pairs => {
    const row = new Array(edges_s.length).fill(0);
    for (let k = 0; k < pairs.length; k += 2) row[pairs[k]] = pairs[k + 1];
    return row;
  })});
  const ledger = Object.fromEntries(Object.entries(f.ledger).map(([word, list]) => [word, summed(list)]));
  const levels = Object.fromEntries(['entered', 'visible', 'hidden', 'running', 'dlq'].map(word => [word, summed(f[word])]));
  const made = {
    ...stage, end,
    frames: {t, ledger, ...levels, first: f.first, retry: f.retry, due: dense(f.due), done: dense(f.done)},
    lives: stage.events.from.map((from, i) => decodeLife(stage, from, stage.events.from[i + 1] ?? stage.steps.t.length, tick)),
  };
  made.lost = Object.keys(ledger).filter(word => (PLACES[word] ?? [])[2]);
  made.pieces = pieces(made.frames);
  if (made.lives.length) { giveSlots(made); giveBins(made); }
  return made;
}

/** One chosen event: its steps, each with what it is in from then on. */
function decodeLife(stage, from, to, tick) {
  const life = [], {steps} = stage;
  let t = 0, state = null, nth = 0, fails = 0, lives = 0, runs = null;
  for (let k = from; k < to; k++) {
    t += steps.t[k];
    const what = steps.what[k];
    if (what === WHAT.redriven) [fails, nth, lives] = [0, 0, lives + 1];
    else if (steps.nth[k]) nth = steps.nth[k];
    if (what === WHAT.failed) fails++;
    state = what === WHAT.throttled && !steps.until[k] ? 'wait' : LEAVES[what] ?? state ?? 'done';
    if (state === 'run') runs = {};
    life.push({
      t: t * tick, until: (t + steps.until[k]) * tick, what, state, nth, fails, lives,
      seat: state === 'run' || state === 'failing' ? runs : null, rule: steps.rule[k], say: steps.say[k],
    });
  }
  life.forEach((step, k) => { step.prev = life[k - 1] ?? null; step.next = life[k + 1] ?? null; });
  return life;
}

/** How a life ends, in a word. */
function fate(life) {
  const last = life[life.length - 1];
  if (!last) return 'never entered';
  const lost = {[WHAT.expired]: 'expired', [WHAT.dropped]: 'dropped', [WHAT.refused]: 'failed', [WHAT.filtered]: 'filtered', [WHAT.left]: 'given up by its caller'};
  return lost[last.what] ?? {done: last.lives ? 'done after a redrive' : 'done', dead: 'dead-lettered', lost: 'lost', hidden: 'still hidden', run: 'still running'}[last.state] ?? 'still waiting';
}

/** The pieces of the ledger's bar. What is open is told finer where the finer counts add up to it. */
function pieces({ledger, entered, visible, hidden, running}) {
  const zero = entered.map(() => 0), {waiting = zero, in_flight = zero} = ledger;
  const finer = entered.every((_, i) => visible[i] + hidden[i] + running[i] === waiting[i] + in_flight[i]);
  const open = finer ? {running, visible, hidden} : {in_flight, waiting};
  const lists = {succeeded: zero, ...open, ...ledger};
  if (finer) { delete lists.waiting; delete lists.in_flight; }
  const order = Object.keys(PLACES);
  return Object.entries(lists).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([word, list]) => ({word, list}));
}

/** Each run of a chosen event gets a free slot, so that a dot keeps its place while it runs. */
function giveSlots(stage) {
  const runs = stage.lives.flatMap((life, i) => life.filter(step => step.what === WHAT.run).map(step => ({i, step, ends: step.next ? step.next.t : stage.end})));
  const free = [], most = stage.slots ?? 64;
  for (const {i, step, ends} of runs.sort((a, b) => a.step.t - b.step.t)) {
    let slot = stage.slots ? i * 7 % most : 0;
    for (let tries = 0; tries < most && free[slot] > step.t; tries++) slot = (slot + 1) % most;
    free[slot] = ends;
    step.seat.slot = slot;
  }
}

/** Each event that is done stands in its bin of age in the order of completion; what is lost likewise. */
function giveBins(stage) {
  const edges = stage.frames.done.edges, full = edges.map(() => 0);
  const ends = stage.lives.flatMap(life => life.filter(step => step.state === 'done' || step.state === 'lost').map(step => ({step, age: step.t - life[0].t})));
  let lost = 0;
  for (const {step, age} of ends.sort((a, b) => a.step.t - b.step.t)) {
    if (step.state === 'lost') { step.rank = lost++; continue; }
    let bin = edges.length - 1;
    while (bin > 0 && age < edges[bin]) bin--;
    step.bin = bin;
    step.rank = full[bin]++;
  }
  stage.facesByBin = full;
}

/** The runs to try, by one or several settings. */
function decodeTrial(raw, tick) {
  const paths = raw.paths ?? [raw.path];
  const points = raw.points.map(point => ({...point, values: point.values ?? [point.value]}));
  const choices = paths.map((_, k) => [...new Set(points.map(point => point.values[k]))]);
  return {paths, points, choices, t: summed(raw.t).map(n => n * tick)};
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

/** The frame that was counted last, the next one, and how far it is to that. */
function frameAt(stage, t) {
  const times = stage.frames.t, i = Math.max(0, lastNotAbove(times, t)), j = Math.min(i + 1, times.length - 1);
  return {i, j, share: j > i ? Math.min(1, (t - times[i]) / (times[j] - times[i])) : 0};
}

/** Between two frames an area slides; numbers are never made up and stay those of the last frame. */
const between = (list, {i, j, share}) => list[i] + (list[j] - list[i]) * share;
const stepAt = (life, t) => life[lastNotAbove(life, t, step => step.t)] ?? null;

/** How many stand where one waits: in front of a synchronous function everyone who has no answer yet. */
const standing = (stage, at) => stage.mode === 'sync'
  ? at(stage.frames.visible) + at(stage.frames.hidden) + at(stage.frames.running)
  : at(stage.frames.visible);

// ---- Time as it is watched. Plain: at one rate. Stretched: each gap between two steps of the followed
// ---- event lasts as the logarithm of its length, so that milliseconds and hours are both seen.

const GAP_S = 0.42, FINEST_S = 0.08;

function plainTime(rate, end) {
  return {rate: () => rate, watched: t => t / rate, simulated: w => w * rate, whole: end / rate};
}

function stretchedTime(stages, event, end) {
  const instants = [0, ...stages.flatMap(stage => stage.lives[event].map(step => step.t)).filter(t => t < end), end];
  const t = [...new Set(instants)].sort((a, b) => a - b), w = [0];
  for (let k = 1; k < t.length; k++) w.push(w[k - 1] + GAP_S * Math.log2(1 + (t[k] - t[k - 1]) / FINEST_S));
  const gap = (list, x) => Math.min(list.length - 2, Math.max(0, lastNotAbove(list, x)));
  const along = (from, to, x) => { const k = gap(from, x); return to[k] + (to[k + 1] - to[k]) * (x - from[k]) / (from[k + 1] - from[k]); };
  return {
    rate: now => { const k = gap(t, now); return (t[k + 1] - t[k]) / (w[k + 1] - w[k]); },
    watched: now => along(t, w, now), simulated: seen => along(w, t, seen), whole: w[w.length - 1],
  };
}

// ---- Colours and shapes: one vocabulary for stage, story and key. Shape says the state, colour again.

const colour = {};
function readColours() {
  const style = getComputedStyle(root);
  for (const name of ['ink', 'muted', 'faint', 'line', 'paper', 'panel', 'fault', 'fault-ink', 'first', 'retry', 'retry-ink', 'on-retry', 'fail', 'done', 'done-ink', 'dead', 'dead-fill', 'crowd', 'crowd-2', 'on-mark']) {
    colour[name] = style.getPropertyValue('--' + name).trim();
  }
  sprites.clear();
}
const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif';
const R = 6.6;

function spiked(c, r, spikes, inner) {
  for (let k = 0; k < 2 * spikes; k++) {
    const angle = Math.PI * k / spikes - Math.PI / 2, reach = k % 2 ? r * inner : r;
    c[k ? 'lineTo' : 'moveTo'](reach * Math.cos(angle), reach * Math.sin(angle));
  }
  c.closePath();
}
function outline(c, r, fails) {
  c.beginPath();
  if (fails > 0) spiked(c, r * 1.24, 9 + 2 * Math.min(fails, 3), 0.76); else c.arc(0, 0, r, 0, 7);
}
function envelope(c, r, crossed) {
  const w = r * 1.25, h = r * 0.9;
  c.fillStyle = colour['dead-fill']; c.strokeStyle = colour.dead; c.lineWidth = Math.max(1.1, r * 0.19);
  c.beginPath(); c.rect(-w, -h, 2 * w, 2 * h); c.fill(); c.stroke();
  c.beginPath();
  if (crossed) { c.moveTo(-w, -h); c.lineTo(w, h); c.moveTo(w, -h); c.lineTo(-w, h); }
  else { c.moveTo(-w, -h); c.lineTo(0, h * 0.25); c.lineTo(w, -h); }
  c.stroke();
}
function ringOfNewLife(c, r) {
  const from = 0.5, to = 5.4, reach = r * 1.5, x = reach * Math.cos(to), y = reach * Math.sin(to);
  c.strokeStyle = c.fillStyle = colour.dead; c.lineWidth = Math.max(1.2, r * 0.2);
  c.beginPath(); c.arc(0, 0, reach, from, to); c.stroke();
  c.beginPath(); c.moveTo(x + r * 0.5, y + r * 0.1); c.lineTo(x - r * 0.3, y - r * 0.42); c.lineTo(x - r * 0.22, y + r * 0.5); c.fill();
}
function crowdShape(c) {
  c.fillStyle = colour['crowd-2'];
  c.beginPath(); c.moveTo(-9, 6);
  for (const [x, y] of [[-9, 0], [-5, -5], [-1, -2], [3, -6], [9, -1], [9, 6]]) c.lineTo(x, y);
  c.fill();
}
function tick(c, r, ink) {
  c.strokeStyle = ink; c.lineWidth = r * 0.24;
  c.beginPath(); c.moveTo(-r * 0.42, r * 0.02); c.lineTo(-r * 0.08, r * 0.36); c.lineTo(r * 0.46, -r * 0.34); c.stroke();
}

/** Draws a mark around the origin. `part`: of a run, how much is over, in sixteenths. */
function mark(c, {state, nth = 0, fails = 0, lives = 0, guest = false, part = 5}, r) {
  const again = fails > 0 || nth > 1, body = again ? colour.retry : colour.first, edge = again ? colour['retry-ink'] : colour.first;
  c.lineJoin = c.lineCap = 'round';
  if (state === 'crowd') return crowdShape(c);
  if (state === 'dead' || state === 'lost') envelope(c, r, state === 'lost');
  else if (state === 'failing') { c.fillStyle = colour.fail; c.beginPath(); spiked(c, r * 1.45, 11, 0.6); c.fill(); }
  else if (state === 'done') {
    c.fillStyle = lives ? colour.dead : fails ? colour.retry : colour.done;
    outline(c, r, fails); c.fill();
    if (fails && !lives) { c.strokeStyle = colour['retry-ink']; c.lineWidth = 0.8; c.stroke(); }
    if (r > 5) tick(c, r, fails && !lives ? colour['on-retry'] : colour['on-mark']);
  } else if (state === 'hidden') {
    c.fillStyle = colour.paper; outline(c, r, fails); c.fill();
    c.strokeStyle = edge; c.lineWidth = Math.max(1.2, r * 0.22); c.setLineDash([r * 0.42, r * 0.34]); c.lineCap = 'butt';
    c.stroke(); c.setLineDash([]);
  } else if (state === 'run') {
    c.fillStyle = colour.paper; c.beginPath(); c.arc(0, 0, r, 0, 7); c.fill();
    c.fillStyle = body; c.beginPath(); c.moveTo(0, 0); c.arc(0, 0, r, Math.PI * (part / 8 - 0.5), Math.PI * 1.5); c.closePath(); if (part < 16) c.fill();
    c.strokeStyle = edge; c.lineWidth = Math.max(1, r * 0.18); outline(c, r, fails); c.stroke();
  } else if (state === 'caller') {
    c.strokeStyle = colour.muted; c.lineWidth = 1.4; c.fillStyle = colour.paper; c.beginPath(); c.arc(0, 0, r * 0.8, 0, 7); c.fill(); c.stroke();
  } else {
    c.fillStyle = body; outline(c, r, fails); c.fill();
    if (again) { c.strokeStyle = edge; c.lineWidth = 0.9; c.stroke(); }
  }
  if (lives && r > 3.2) ringOfNewLife(c, r);
  if (guest && r > 2) {
    c.strokeStyle = c.fillStyle = colour.ink; c.lineWidth = 1;
    c.beginPath(); c.moveTo(r * 0.8, -r * 0.7); c.lineTo(r * 0.8, -r * 2); c.stroke();
    c.beginPath(); c.moveTo(r * 0.8, -r * 2); c.lineTo(r * 1.7, -r * 1.65); c.lineTo(r * 0.8, -r * 1.25); c.fill();
  }
  if (nth > 0 && r >= 5.5 && (state === 'wait' || state === 'hidden')) {
    c.fillStyle = state === 'hidden' ? colour.ink : again ? colour['on-retry'] : colour['on-mark'];
    c.font = '700 ' + (r * (nth > 9 ? 1 : 1.28)).toFixed(1) + 'px ' + FONT; c.textAlign = 'center'; c.textBaseline = 'middle';
    c.fillText(nth, 0, r * 0.08);
  }
}

/** Marks are painted once and copied: with hundreds of spiked dots a frame stays well below 16 ms. */
const sprites = new Map();
function stamp(c, shape, x, y, r) {
  const ratio = devicePixelRatio || 1, size = Math.ceil(r * 2.1) + 4;
  const key = [shape.state, shape.nth, Math.min(shape.fails ?? 0, 3), shape.lives ? 1 : 0, shape.guest ? 1 : 0, shape.part, r.toFixed(1), ratio].join();
  let sprite = sprites.get(key);
  if (!sprite) {
    sprite = document.createElement('canvas');
    sprite.width = sprite.height = Math.ceil(2 * size * ratio);
    const s = sprite.getContext('2d');
    s.setTransform(ratio, 0, 0, ratio, size * ratio, size * ratio);
    mark(s, shape, r);
    if (sprites.size > 2000) sprites.clear();
    sprites.set(key, sprite);
  }
  c.drawImage(sprite, x - size, y - size, 2 * size, 2 * size);
}

/** A canvas made as sharp as the screen, empty, and as wide as its box. */
function fitted(canvas, height) {
  const width = canvas.clientWidth, ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = height + 'px';
  }
  const c = canvas.getContext('2d');
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  c.lineJoin = c.lineCap = 'round';
  return [c, width];
}
function write(c, text, x, y, {size = 11.5, weight = 450, ink = 'muted', align = 'left', base = 'alphabetic', most = Infinity} = {}) {
  c.font = weight + ' ' + size + 'px ' + FONT;
  c.fillStyle = colour[ink]; c.textAlign = align; c.textBaseline = base;
  let shown = text;
  while (shown.length > 1 && c.measureText(shown).width > most) shown = shown.slice(0, -2).trimEnd() + '…';
  c.fillText(shown, x, y);
  return c.measureText(shown).width;
}
function line(c, ink, width, ...points) {
  c.strokeStyle = colour[ink]; c.lineWidth = width; c.beginPath();
  points.forEach(([x, y], k) => c[k ? 'lineTo' : 'moveTo'](x, y));
  c.stroke();
}
function arrowHead(c, x, y, angle) {
  c.beginPath(); c.moveTo(x - 6 * Math.cos(angle - 0.5), y - 6 * Math.sin(angle - 0.5)); c.lineTo(x, y);
  c.lineTo(x - 6 * Math.cos(angle + 0.5), y - 6 * Math.sin(angle + 0.5)); c.stroke();
}
function box(c, x, y, w, h, r, ink) { c.beginPath(); c.roundRect(x, y, w, h, r); if (ink) { c.fillStyle = colour[ink]; c.fill(); } }
/** A box of which a part is filled, from the left or from the right. */
function filled(c, x, y, w, h, part, ink, fromRight) {
  box(c, x, y, w, h, 7, 'panel');
  if (part <= 0) return;
  c.save(); c.clip(); c.fillStyle = colour[ink];
  c.fillRect(fromRight ? x + w - part : x, y, part, h); c.restore();
}

// ---- A stage. Left to right: caller, queue, function, done by age. Below: who waits to return, on a
// ---- ruler that is walked to zero; the dead letters. The scales are common to all stages.

/** What all stages have in common, so that they can be compared by eye. */
function scalesOf(data) {
  const stages = data.stages, most = list => list.reduce((a, b) => Math.max(a, b), 0);
  const all = pick => Math.max(1, ...stages.map(stage => most(pick(stage))));
  const bins = Math.max(4, ...stages.map(stage => 1 + most(stage.frames.done.rows.map(row => row.findLastIndex(n => n > 0)))));
  const widths = stages[0].frames.due.edges.map((edge, k, edges) => (edges[k + 1] ?? edge + (edge - (edges[k - 1] ?? 0) || 1)) - edge);
  const edgesEnd = k => stages[0].frames.due.edges[k] + widths[k];
  const lastDue = most(stages.map(stage => most(stage.frames.due.rows.map(row => row.findLastIndex(n => n > 0)))));
  const lastFace = most(stages.flatMap(stage => stage.lives.flat()).filter(step => step.state === 'hidden').map(step => step.until - step.t));
  const anyDue = stages.some(stage => stage.frames.hidden.some(n => n > 0)) || lastFace > 0;
  const due = Math.max(widths.length ? edgesEnd(lastDue) : 0, lastFace > 0 && lastFace <= 1.2 * (widths.length ? edgesEnd(lastDue) : 0) ? lastFace : 0) || lastFace || 1;
  return {
    bins, widths, due, ruler: anyDue,
    standing: Math.max(1, ...stages.map(stage => most(stage.frames.t.map((_, i) => standing(stage, list => list[i]))))),
    running: all(stage => stage.frames.running), dlq: all(stage => stage.frames.dlq),
    density: Math.max(1e-9, ...stages.map(stage => most(stage.frames.due.rows.flatMap(row => row.map((n, k) => n / widths[k]))))),
    letters: stages.some(stage => stage.names.dlq || stage.frames.dlq.some(n => n > 0)),
    lost: stages.some(stage => stage.lost.some(word => most(stage.frames.ledger[word]) > 0)),
    faces: Math.max(1, ...stages.map(stage => most(stage.facesByBin ?? []))),
    /** How many events a dot of the fair sample stands for. */
    each: Math.max(1, data.sample.of / Math.max(1, data.events.length - data.guests)),
  };
}

function geometry(stage, width, scales) {
  const stacked = width < 640, g = {width, stacked};
  g.functionWidth = stacked ? 100 : 115;
  g.queue = [stacked ? 62 : 76, stacked ? width - g.functionWidth - 40 : Math.round(352 * width / 1016)];
  g.queueY = 44; g.queueHeight = 42;
  g.function = [g.queue[1] + (stacked ? 28 : 34), g.queue[1] + (stacked ? 28 : 34) + g.functionWidth];
  g.functionY = 21; g.functionHeight = 46;
  const down = stacked ? (scales.ruler ? 208 : 104) : 0;
  g.done = stacked ? [2, width - 2] : [g.function[1] + 56, width - 4];
  g.doneTop = 17 + down; g.doneBase = 88 + down;
  g.binWidth = (g.done[1] - g.done[0]) / scales.bins;
  g.perRow = Math.max(2, Math.floor((g.binWidth - 5) / 7.1));
  g.pitch = Math.min(7.1, 64 / Math.ceil(scales.faces / g.perRow));
  g.ruler = [stacked ? 12 : 30, g.function[1] - 6]; g.rulerY = 160;
  const outcome = scales.letters || scales.lost, both = scales.letters && scales.lost;
  g.outcomeY = 138 + down; g.outcomeHeight = 34;
  const split = both ? g.done[0] + (g.done[1] - g.done[0]) * 0.6 : g.done[1];
  g.letters = scales.letters ? [g.done[0], both ? split - 10 : split] : null;
  g.lost = scales.lost ? [both ? split + 10 : g.done[0], g.done[1]] : null;
  g.height = Math.max(down + (outcome ? 192 : 108), scales.ruler ? 198 : 0);
  g.columns = cellColumns(stage.slots ?? 0);
  g.ageX = seconds => g.ruler[0] + (g.ruler[1] - g.ruler[0]) * Math.min(1, seconds / scales.due);
  g.rows = rulerRows(stage, g, scales);
  return g;
}
/** So many slots are drawn one by one; more become a box that fills. */
const CELLS_MOST = 40;
const cellColumns = slots => slots <= 5 ? slots : slots <= 10 ? Math.ceil(slots / 2) : slots <= 21 ? Math.ceil(slots / 3) : Math.ceil(slots / 4);
const hasCells = stage => stage.slots !== null && stage.slots > 0 && stage.slots <= CELLS_MOST;

/** Dots on the ruler keep their distance, since all walk at one speed: a row each, once and for all. */
function rulerRows(stage, g, scales) {
  const apart = (2 * R + 3) * scales.due / Math.max(1, g.ruler[1] - g.ruler[0]), last = [], rows = new Map();
  const hidden = stage.lives.flat().filter(step => step.state === 'hidden').sort((a, b) => a.until - b.until);
  for (const step of hidden) {
    let row = last.findIndex(until => step.until - until >= apart);
    if (row < 0) row = last.length < 5 ? last.length : last.indexOf(Math.min(...last));
    last[row] = step.until;
    rows.set(step, row);
  }
  return rows;
}

/** Where a slot is. */
function slotAt(stage, g, slot) {
  const [x, w] = [g.function[0], g.functionWidth];
  if (hasCells(stage)) {
    const rows = Math.ceil(stage.slots / g.columns), cell = Math.min(w / g.columns, g.functionHeight / rows);
    return {x: x + (slot % g.columns + 0.5) * cell, y: g.functionY + (Math.floor(slot / g.columns) + 0.5) * cell, cell};
  }
  const columns = Math.floor(w / 14);
  return {x: x + 7 + slot % columns * 14, y: g.functionY + 8 + Math.floor(slot / columns) % 3 * 15, cell: 16};
}

/** Where one stands in the line: it comes to its tail and has walked to its head when it is taken. */
function placeInLine(stage, g, scales, i, from, to, t) {
  const leaves = to ?? stage.end + from + 1, left = leaves > from ? (leaves - t) / (leaves - from) : 0;
  const moment = frameAt(stage, from), depth = standing(stage, list => Math.max(between(list, moment), between(list, frameAt(stage, t)) * 0.5));
  const reach = Math.max(0, Math.min(1, depth / scales.standing) * (g.queue[1] - g.queue[0]) - 2 * R - 4);
  return [g.queue[1] - R - 4 - reach * Math.min(1, Math.max(0, left)), g.queueY + ((i * 7) % 3 - 1) * 11];
}

/** Every chosen event that is on this stage at an instant, with place and shape. */
function placed(stage, t, g, scales, events) {
  const marks = [], letters = [];
  stage.lives.forEach((life, i) => {
    const step = stepAt(life, t);
    if (!step) return;
    const m = {i, step, r: R, shape: {state: step.state, nth: step.nth, fails: step.fails, lives: step.lives, guest: events[i].guest}};
    marks.push(m);
    const open = step.state === 'wait' || step.state === 'run' || step.state === 'hidden' || step.state === 'failing';
    if (stage.mode === 'sync' && open && life.length) {
      const last = life[life.length - 1], ended = last.state === 'wait' || last.state === 'run' || last.state === 'hidden' ? null : last.t;
      m.caller = placeInLine(stage, g, scales, i, life[0].t, ended, t);
    }
    if (step.state === 'wait') [m.x, m.y] = m.caller ?? placeInLine(stage, g, scales, i, step.t, step.next && step.next.t, t);
    else if (step.state === 'run' || step.state === 'failing') {
      const at = slotAt(stage, g, step.seat?.slot ?? 0);
      [m.x, m.y, m.r] = [at.x, at.y, Math.min(R, at.cell * 0.36)];
      const ends = step.until > step.t ? step.until : step.next ? step.next.t : stage.end;
      m.shape.part = step.state === 'run' ? Math.min(16, Math.round(16 * (t - step.t) / Math.max(1e-9, ends - step.t))) : undefined;
    } else if (step.state === 'hidden') [m.x, m.y] = [g.ageX(Math.max(0, step.until - t)), g.rulerY - 11 - g.rows.get(step) * 13.5];
    else if (step.state === 'done') {
      const bin = Math.min(step.bin, scales.bins - 1);
      m.x = g.done[0] + bin * g.binWidth + (g.binWidth - (g.perRow - 1) * g.pitch) / 2 + step.rank % g.perRow * g.pitch;
      m.y = g.doneBase - g.pitch * 0.62 - Math.floor(step.rank / g.perRow) * g.pitch;
      m.r = Math.min(3.1, g.pitch * 0.46);
    } else if (step.state === 'dead') letters.push(m);
    else if (step.state === 'lost') stack(m, step.rank, g.lost ?? g.done, g);
  });
  letters.sort((a, b) => a.step.t - b.step.t).forEach((m, k) => stack(m, k, g.letters ?? g.done, g));
  return marks;
}
function stack(m, k, [from, to], g) {
  const perRow = Math.max(1, Math.floor((to - from - 12) / 21)), row = Math.floor(k / perRow) % 2;
  m.x = from + 17 + k % perRow * 21 + row * 4;
  m.y = g.outcomeY + g.outcomeHeight / 2 + (k >= perRow ? 5 : 0) * (row ? 1 : -1);
}

/** Where it came from, for a dot on its way. */
function origin(stage, g, step) {
  const prev = step.prev, head = [g.queue[1] - R - 4, g.queueY];
  if (!prev) return [g.queue[0] - 50, g.queueY];
  if (prev.seat) { const at = slotAt(stage, g, prev.seat.slot ?? 0); return [at.x, at.y]; }
  if (prev.state === 'hidden') return [g.ageX(Math.max(0, prev.until - step.t)), g.rulerY - 11];
  if (prev.state === 'dead') return [(g.letters ?? g.done)[0] + 17, g.outcomeY + g.outcomeHeight / 2];
  return head;
}
const WAY_S = 0.45;
/** A dot on its way to its place, along a bow; `ago`: watched seconds since the step. */
function onItsWay(stage, g, m, ago) {
  if (ago >= WAY_S || ago < 0) return m;
  const u = 1 - (1 - ago / WAY_S) ** 3, [x0, y0] = origin(stage, g, m.step);
  const x1 = (x0 + m.x) / 2, y1 = (y0 + m.y) / 2 - (m.step.state === 'done' ? 16 : m.step.what === WHAT.back ? -10 : 0);
  const bow = (a, b, c) => (1 - u) ** 2 * a + 2 * u * (1 - u) * b + u * u * c;
  const failed = m.step.state === 'hidden' && m.step.prev?.state === 'failing' && u < 0.6;
  return {...m, x: bow(x0, x1, m.x), y: bow(y0, y1, m.y), r: R + (m.r - R) * u, shape: failed ? {...m.shape, state: 'failing'} : m.shape};
}

/** The profile of those who wait to return. Two frames, both moved to this instant, fade into each other. */
function dueProfile(stage, t, scales, seconds) {
  const {i, j, share} = frameAt(stage, t), {edges, rows} = stage.frames.due, times = stage.frames.t;
  const density = (k, s) => { const bin = lastNotAbove(edges, s); return bin < 0 || s < 0 ? 0 : rows[k][bin] / scales.widths[bin]; };
  return (1 - share) * density(i, seconds + t - times[i]) + (j > i ? share * density(j, seconds - (times[j] - t)) : 0);
}

function perSecond(list, stage, {i}) {
  const k = Math.max(1, i), t = stage.frames.t;
  return k < t.length && t[k] > t[k - 1] ? (list[k] - list[k - 1]) / (t[k] - t[k - 1]) : 0;
}
function rateText(rate) {
  if (rate <= 0) return '0 /s';
  if (rate < 0.05) return number(Math.round(rate * 36000) / 10) + ' /h';
  return number(rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10) + ' /s';
}

function drawStage(c, stage, t, g, scales, faults) {
  const moment = frameAt(stage, t), now = list => list[moment.i], glide = list => between(list, moment);
  drawCallerAndQueue(c, stage, g, scales, moment, now, glide);
  drawFunction(c, stage, t, g, scales, now, glide, faults);
  drawDone(c, stage, g, scales, now, glide);
  if (scales.ruler) drawRuler(c, stage, t, g, scales, now);
  drawOutcomes(c, stage, g, scales, moment, now, glide);
}
function drawCallerAndQueue(c, stage, g, scales, moment, now, glide) {
  const [q0, q1] = g.queue, y = g.queueY, label = y - 27, sync = stage.mode === 'sync';
  const rate = moment.i === 0 ? 0 : perSecond(stage.frames.entered, stage, moment), depth = standing(stage, now);
  write(c, stage.names.caller, 0, label, {most: q0 - 10});
  write(c, rateText(rate), 0, y + 4, {size: 13, weight: 600, ink: rate > 0 ? 'ink' : 'muted'});
  line(c, 'faint', 1.2, [g.stacked ? 44 : 46, y], [q0 - 8, y]); arrowHead(c, q0 - 8, y, 0);
  filled(c, q0, y - g.queueHeight / 2, q1 - q0, g.queueHeight, Math.min(1, standing(stage, glide) / scales.standing) * (q1 - q0), 'crowd', true);
  const counted = number(depth) + ' ' + (sync ? depth === 1 ? 'caller waits' : 'callers wait' : WAITING[stage.mode]);
  const wide = write(c, counted, q1, label, {align: 'right', weight: depth > 0 ? 640 : 450, ink: depth > 0 ? 'ink' : 'muted'});
  if (q1 - q0 - wide > 40) write(c, sync ? 'at the counter' : stage.names.queue ?? 'queue', q0, label, {most: q1 - q0 - wide - 10});
  line(c, 'faint', 1.2, [q1 + 6, y], [g.function[0] - 8, y]); arrowHead(c, g.function[0] - 8, y, 0);
}
function drawFunction(c, stage, t, g, scales, now, glide, faults) {
  const [x0, x1] = g.function, bad = faults.some(fault => fault.from <= t && t < fault.to), running = now(stage.frames.running);
  const bottom = g.functionY + g.functionHeight;
  if (bad) box(c, x0 - 6, g.functionY - 5, g.functionWidth + 12, g.functionHeight + 10, 9, 'fault');
  write(c, stage.names.function, x0, g.queueY - 27 - (bad ? 4 : 0), {most: g.functionWidth + 30});
  c.lineWidth = 1; c.strokeStyle = bad ? colour['fault-ink'] : colour.faint;
  if (hasCells(stage)) {
    const faces = new Set(stage.lives.map(life => stepAt(life, t)).filter(step => step?.state === 'run').map(step => step.seat.slot));
    let rest = running - faces.size;
    for (let slot = 0; slot < stage.slots; slot++) {
      const {x, y, cell} = slotAt(stage, g, slot), half = cell / 2 - 1.5;
      const busy = faces.has(slot) || rest-- > 0;
      box(c, x - half, y - half, 2 * half, 2 * half, Math.min(5, half / 2), busy ? 'crowd-2' : null); c.stroke();
    }
  } else {
    const most = stage.slots ?? scales.running;
    filled(c, x0, g.functionY, g.functionWidth, g.functionHeight, g.functionWidth * Math.min(1, glide(stage.frames.running) / most), 'crowd-2', false);
    box(c, x0, g.functionY, g.functionWidth, g.functionHeight, 7); c.stroke();
  }
  const full = stage.slots !== null && running >= stage.slots;
  write(c, stage.slots === null ? number(running) + ' running' : number(running) + ' of ' + number(stage.slots) + ' busy', x0, bottom + (bad ? 18 : 14), {size: 11, weight: full ? 600 : 450, ink: full ? 'ink' : 'muted'});
  if (!g.stacked) { line(c, 'faint', 1.2, [x1 + 12, g.queueY], [g.done[0] - 10, g.queueY]); arrowHead(c, g.done[0] - 10, g.queueY, 0); }
}
function drawDone(c, stage, g, scales, now, glide) {
  const {rows, edges} = stage.frames.done, total = now(stage.frames.ledger.succeeded ?? stage.frames.t.map(() => 0));
  write(c, stage.mode === 'sync' ? 'answered, by age' : 'done, by age', g.done[0], g.doneTop);
  write(c, number(total), g.done[1], g.doneTop, {align: 'right', weight: 660, ink: 'done-ink'});
  c.fillStyle = colour.crowd;
  for (let bin = 0; bin < scales.bins; bin++) {
    const count = glide(rows.map(row => row[bin]));
    const high = Math.min(g.doneBase - g.doneTop - 4, count * g.pitch / (g.perRow * scales.each));
    if (high > 0.2) c.fillRect(g.done[0] + bin * g.binWidth + 2, g.doneBase - high, g.binWidth - 4, high);
  }
  line(c, 'line', 1, [g.done[0], g.doneBase + 0.5], [g.done[1], g.doneBase + 0.5]);
  const every = g.binWidth < 36 ? 2 : 1;
  for (let bin = every; bin < scales.bins; bin += every) write(c, spanText(edges[bin]), g.done[0] + bin * g.binWidth, g.doneBase + 13, {align: 'center', size: 10.5});
}
function drawRuler(c, stage, t, g, scales, now) {
  const [x0, x1] = g.ruler, y = g.rulerY, hidden = now(stage.frames.hidden), steps = Math.max(60, Math.round((x1 - x0) / 3));
  c.fillStyle = colour.crowd; c.beginPath(); c.moveTo(x0, y);
  for (let k = 0; k <= steps; k++) {
    const seconds = scales.due * k / steps;
    c.lineTo(g.ageX(seconds), y - 60 * dueProfile(stage, t, scales, Math.min(seconds, scales.due * 0.9999)) / scales.density);
  }
  c.lineTo(x1, y); c.closePath(); c.fill();
  line(c, 'faint', 1.2, [x0, y + 0.5], [x1, y + 0.5]);
  const apart = niceStep(scales.due, g.stacked ? 4 : 6);
  for (let s = 0; s <= scales.due + 1e-9; s += apart) {
    const x = g.ageX(s), last = s + apart > scales.due + 1e-9;
    line(c, 'faint', 1.2, [x, y + 0.5], [x, y + 5]);
    write(c, s === 0 ? '0' : spanText(s), x, y + 16, {align: last && x > x1 - 20 ? 'right' : 'center', size: 10.5});
  }
  const wide = write(c, number(hidden) + ' ' + HIDDEN[stage.mode], x1, y + 31, {align: 'right', weight: hidden > 0 ? 640 : 450, ink: hidden > 0 ? 'ink' : 'muted'});
  write(c, RULER[stage.mode], x0, y + 31, {most: x1 - x0 - wide - 12});
  drawReturns(c, g);
}
/** From a failed run down to the ruler, and from its zero back to the queue. */
function drawReturns(c, g) {
  const [x0, x1] = g.ruler, y = g.rulerY, below = g.queueY + g.queueHeight / 2 + 6, to = g.queue[0] + 10;
  c.strokeStyle = colour.faint; c.lineWidth = 1.2;
  const down = g.function[1] - 14;
  c.beginPath(); c.moveTo(down, g.functionY + g.functionHeight + 4); c.bezierCurveTo(g.function[1] + 16, y - 52, g.function[1] + 10, y - 22, x1 + 4, y - 8); c.stroke();
  c.beginPath(); c.moveTo(x0 - 4, y - 8); c.bezierCurveTo(x0 - (g.stacked ? 14 : 32), y - 44, x0 - 6, below + 8, to, below); c.stroke();
  arrowHead(c, to, below, -0.75);
  write(c, 'returns', to + 8, below + 10, {size: 10.5});
}
function drawOutcomes(c, stage, g, scales, moment, now, glide) {
  const y = g.outcomeY, high = g.outcomeHeight;
  if (g.letters) {
    const [x0, x1] = g.letters, depth = now(stage.frames.dlq), leaving = -perSecond(stage.frames.dlq, stage, moment);
    filled(c, x0, y, x1 - x0, high, (x1 - x0) * glide(stage.frames.dlq) / scales.dlq, 'dead-fill', false);
    const wide = write(c, number(depth), x1, y - 8, {align: 'right', weight: 660, ink: depth > 0 ? 'dead' : 'muted'});
    write(c, stage.names.dlq ? 'dead letters: ' + stage.names.dlq : 'dead letters: none kept', x0, y - 8, {most: x1 - x0 - wide - 10});
    const redrive = moment.i > 0 && leaving > 0;
    const rule = stage.dlq_rule ? stage.dlq_rule[1] : '';
    write(c, redrive ? '◂ ' + rateText(leaving) + (stage.redrives ? ' redriven, back to the queue' : ' leave') : rule, x0, y + high + 15, {size: 11, weight: redrive ? 620 : 450, ink: redrive ? 'dead' : 'muted', most: x1 - x0});
  }
  if (g.lost) {
    const [x0, x1] = g.lost, words = stage.lost.filter(word => now(stage.frames.ledger[word]) > 0);
    const count = words.reduce((sum, word) => sum + now(stage.frames.ledger[word]), 0);
    box(c, x0, y, x1 - x0, high, 7, 'panel');
    write(c, 'ended otherwise', x0, y - 8, {most: x1 - x0 - 44});
    write(c, number(count), x1, y - 8, {align: 'right', weight: 660, ink: count > 0 ? 'dead' : 'muted'});
    write(c, words.map(word => PLACES[word][0] + ' ' + number(now(stage.frames.ledger[word]))).join(', '), x0, y + high + 15, {size: 11, most: x1 - x0});
  }
}

/** Draws all the dots of a stage; says where each is, for who clicks. */
function drawDots(c, stage, marks, g, {followed, dimmed, label}) {
  const hits = [];
  if (stage.mode === 'sync') {
    for (const m of marks) {
      if (!m.caller || m.step.state === 'wait') continue;
      c.globalAlpha = dimmed(m.i) ? 0.13 : 0.7;
      line(c, 'faint', 1, m.caller, [m.x, m.y]);
      stamp(c, {state: 'caller'}, m.caller[0], m.caller[1], R);
      c.globalAlpha = 1;
    }
  }
  const first = m => (m.i === followed ? 2 : 0) + (m.step.state === 'run' ? 1 : 0);
  for (const m of marks.sort((a, b) => first(a) - first(b))) {
    c.globalAlpha = dimmed(m.i) && m.i !== followed ? 0.13 : 1;
    stamp(c, m.shape, m.x, m.y, m.i === followed ? Math.max(m.r, R) : m.r);
    c.globalAlpha = 1;
    if (m.i === followed) drawLabel(c, label, m, g);
    hits.push(m);
  }
  return hits;
}
function drawLabel(c, label, m, g) {
  c.strokeStyle = colour.ink; c.lineWidth = 1.8; c.beginPath(); c.arc(m.x, m.y, R * 1.95, 0, 7); c.stroke();
  c.font = '680 11px ' + FONT;
  const wide = c.measureText(label).width + 12;
  let x = Math.max(2, Math.min(m.x - wide / 2, g.width - wide - 2)), y = m.y - R * 1.95 - 19;
  if (m.step.state === 'dead' && m.x + R * 2.4 + wide < g.width) [x, y] = [m.x + R * 2.4, m.y - 8];
  else if (y < g.functionY - 4) y = m.y + R * 1.95 + 3;
  box(c, x, y, wide, 16, 4, 'ink');
  write(c, label, x + 6, y + 8.5, {weight: 680, size: 11, ink: 'paper', base: 'middle'});
}

// ---- The storm chart, which is also the slider. Its time is linear whatever the clock does, and nothing
// ---- is drawn that was not watched.

/** A round step that cuts a length of time into at most so many parts. */
function niceStep(length, parts) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
  return steps.find(step => length / step <= parts) ?? 2592000;
}
const unitOf = step => step >= 86400 ? [86400, 'd'] : step >= 3600 ? [3600, 'h'] : step >= 60 ? [60, 'min'] : [1, 's'];

function stormScales(data) {
  const t = stage => stage.frames.t, rate = (stage, i) => i === 0 ? 0 : (stage.frames.first[i] + stage.frames.retry[i]) / Math.max(1e-9, t(stage)[i] - t(stage)[i - 1]);
  const rates = Math.max(1e-9, ...data.stages.map(stage => t(stage).reduce((most, _, i) => Math.max(most, rate(stage, i)), 0)));
  const caps = data.stages.map(stage => stage.capacity?.per_s ?? 0).filter(cap => cap <= 4 * rates);
  return {rate: 1.12 * Math.max(rates, ...caps), dlq: 1.12 * Math.max(1, ...data.stages.map(stage => Math.max(...stage.frames.dlq)))};
}

/** The areas of first attempts and retries and the line of dead letters, up to an instant. */
function drawStorm(c, {t, first, retry, dlq}, X, y, high, scale, seen) {
  const last = Math.max(0, lastNotAbove(t, seen));
  const rate = (list, i) => list[i] / Math.max(1e-9, t[i] - t[i - 1]);
  const area = (ink, from, to) => {
    if (last < 1) return;
    c.fillStyle = colour[ink]; c.beginPath(); c.moveTo(X(t[0]), y);
    for (let i = 1; i <= last; i++) { c.lineTo(X(t[i - 1]), y - high * Math.min(1, to(i) / scale.rate)); c.lineTo(X(t[i]), y - high * Math.min(1, to(i) / scale.rate)); }
    for (let i = last; i >= 1; i--) { c.lineTo(X(t[i]), y - high * Math.min(1, from(i) / scale.rate)); c.lineTo(X(t[i - 1]), y - high * Math.min(1, from(i) / scale.rate)); }
    c.closePath(); c.fill();
  };
  area('first', () => 0, i => rate(first, i));
  area('retry', i => rate(first, i), i => rate(first, i) + rate(retry, i));
  if (!dlq.some(n => n > 0)) return;
  c.strokeStyle = colour.paper; c.lineWidth = 3.4; c.beginPath();
  for (let i = 0; i <= last; i++) c[i ? 'lineTo' : 'moveTo'](X(t[i]), y - high * dlq[i] / scale.dlq);
  c.globalAlpha = 0.6; c.stroke(); c.globalAlpha = 1;
  c.strokeStyle = colour.dead; c.lineWidth = 1.8; c.stroke();
}

function stormGeometry(data, width, time) {
  const slim = width < 640, high = 46, gap = slim ? 36 : 20, top = (slim ? 32 : 6) + (data.faults.length + data.marks.length ? 26 : 4);
  const x = [slim ? 6 : 108, slim ? width - 14 : width - 104], base = top + data.stages.length * (high + gap) - gap + (slim ? 14 : 12);
  return {slim, high, gap, top, x, base, time, height: base + (slim ? 52 : 44), X: t => x[0] + (x[1] - x[0]) * t / data.end,
    T: px => Math.max(0, Math.min(data.end, (px - x[0]) / (x[1] - x[0]) * data.end))};
}
function drawSlider(c, data, g, scale, {now, seen, followed, time}) {
  const [x0, x1] = g.x;
  data.stages.forEach((stage, k) => {
    const top = g.top + k * (g.high + g.gap), y = top + g.high;
    box(c, x0, top, x1 - x0, g.high, 0, 'panel');
    c.fillStyle = colour.fault;
    for (const fault of data.faults) c.fillRect(g.X(fault.from), top, Math.max(1, g.X(Math.min(fault.to, data.end)) - g.X(fault.from)), g.high);
    drawStorm(c, {t: stage.frames.t, ...stage.frames}, g.X, y, g.high, scale, seen);
    line(c, 'line', 1, [x0, y + 0.5], [x1, y + 0.5]);
    c.setLineDash([2, 3]);
    for (const one of data.marks) line(c, 'dead', 1, [g.X(one.at), top - 2], [g.X(one.at), y]);
    c.setLineDash([]);
    drawCapacity(c, stage, g, scale, y, k === 0 || stage.capacity?.words !== data.stages[k - 1].capacity?.words);
    drawStormWords(c, data, stage, g, scale, top, y, seen);
    if (followed >= 0) drawTrack(c, stage.lives[followed], g, y + 8, seen);
  });
  drawTimelineWords(c, data, g);
  drawAxis(c, data, g, time);
  const x = g.X(now);
  line(c, 'ink', 1.6, [x, g.top - 8], [x, g.base + 2]);
  c.fillStyle = colour.ink; c.beginPath(); c.arc(x, g.base + 2, 6, 0, 7); c.fill();
  c.fillStyle = colour.paper; c.beginPath(); c.arc(x, g.base + 2, 2.2, 0, 7); c.fill();
}
function drawCapacity(c, stage, g, scale, y, told) {
  if (!stage.capacity) return;
  const at = y - g.high * stage.capacity.per_s / scale.rate, above = stage.capacity.per_s > scale.rate;
  if (!above) line(c, 'ink', 1, [g.x[0], at], [g.x[1], at]);
  const text = (above ? '↑ ' : '') + stage.capacity.words, ink = {size: 10.5};
  if (g.slim) { if (told) write(c, text, g.x[1], y - g.high - 4, {...ink, align: 'right'}); }
  else if (told) write(c, text, g.x[1] + 7, (above ? y - g.high + 6 : at) + 3, {...ink, most: 96});
}
function drawStormWords(c, data, stage, g, scale, top, y, seen) {
  const letters = stage.frames.dlq.some(n => n > 0) || stage.names.dlq;
  if (g.slim) {
    const wide = write(c, stage.name, g.x[0], top - 4, {ink: 'ink', weight: 640, size: 12, most: 120});
    write(c, 'attempts per s', g.x[0] + wide + 8, top - 4, {size: 10.5});
  } else {
    write(c, stage.name, 0, top + 11, {ink: 'ink', weight: 640, size: 12, most: g.x[0] - 8});
    write(c, 'attempts per s', 0, top + 26, {size: 10.5});
    if (letters) write(c, 'dead letters', 0, top + 40, {size: 10.5, ink: 'dead'});
  }
  if (letters && seen >= data.end && !g.slim) {
    const left = stage.frames.dlq[stage.frames.dlq.length - 1];
    const low = Math.min(y - 1, Math.max(top + 26, y - g.high * left / scale.dlq + 3));
    write(c, number(left) + ' left', g.x[1] + 7, low, {size: 11, weight: 660, ink: 'dead', most: 97});
  }
}
/** What the followed event did, below the chart. */
function drawTrack(c, life, g, y, seen) {
  for (const step of life) {
    if (step.t > seen) break;
    if (step.what === WHAT.run || step.what === WHAT.received || step.what === WHAT.hidden || step.what === WHAT.back) continue;
    stamp(c, {state: step.state, nth: 0, fails: step.state === 'wait' ? 0 : step.fails, lives: step.what === WHAT.redriven ? 1 : 0}, g.X(step.t), y, 3.8);
  }
}
/** The words of faults and changes, in two rows; one that finds no room is left to the chart above. */
function drawTimelineWords(c, data, g) {
  const words = [...data.faults.map(fault => [fault.from, fault.words, 'fault-ink']), ...data.marks.map(one => [one.at, one.words, 'dead'])].sort((a, b) => a[0] - b[0]);
  const free = [-Infinity, -Infinity], low = g.slim ? g.top - 20 : g.top - 5;
  c.font = '600 10.5px ' + FONT;
  for (const [t, text, ink] of words) {
    const wide = Math.min(c.measureText(text).width, g.x[1] - g.x[0]), x = Math.min(g.X(t) + 4, g.x[1] - wide);
    const row = free.findIndex(end => end < x - 6);
    if (row < 0) continue;
    free[row] = x + write(c, text, x, low - 13 * row, {size: 10.5, weight: 600, ink, most: g.x[1] - g.x[0]});
  }
}
function drawAxis(c, data, g, time) {
  const step = niceStep(data.end, g.slim ? 5 : 9), [unit, word] = unitOf(step), small = niceStep(data.end, g.slim ? 30 : 90);
  for (let t = 0, k = 0; t <= data.end + 1e-9; k++, t = k * step) {
    const x = g.X(t), last = t + step > data.end + 1e-9;
    line(c, 'faint', 1, [x, g.base], [x, g.base + 5]);
    write(c, number(t / unit) + (last ? ' ' + word : ''), x, g.base + 18, {align: x > g.x[1] - 8 && g.slim ? 'right' : 'center', size: 11});
  }
  const y = g.base + 26;
  if (!g.slim) write(c, 'as watched', 0, y + 8, {size: 10.5});
  c.strokeStyle = colour.muted; c.lineWidth = 0.9;
  for (let k = 0, t = 0; t <= data.end + 1e-9; k++, t = k * small) {
    const x = g.x[0] + (g.x[1] - g.x[0]) * time.watched(t) / time.whole, long = Math.abs(t / step - Math.round(t / step)) < 1e-6;
    c.globalAlpha = long ? 1 : 0.45;
    c.beginPath(); c.moveTo(x, y); c.lineTo(x, y + (long ? 9 : 5)); c.stroke();
  }
  c.globalAlpha = 1;
  const tells = 'a tick is ' + spanText(small);
  if (g.slim) write(c, 'as watched: ' + tells, g.x[0], y + 19, {size: 10}); else write(c, tells, g.x[1] + 7, y + 8, {size: 10.5});
}

// ---- The player

const data = decode(JSON.parse(source.textContent)), {stages, events} = data;
const scales = scalesOf(data), storm = stormScales(data);
for (const stage of stages) stage.redrives = stage.lives.some(life => life.some(step => step.lives > 0));
const still = matchMedia('(prefers-reduced-motion: reduce)'), dark = matchMedia('(prefers-color-scheme: dark)');
const MINUTE_RATE = niceRate(data.end / 60);
const view = {
  now: 0, seen: 0, playing: false, started: false, followed: -1, rate: MINUTE_RATE, stretch: false, differ: false,
  guess: stages.map(() => null), asked: false, rules: new Set(), time: plainTime(MINUTE_RATE, data.end),
};
const ui = {};

function niceRate(rate) {
  const scale = 10 ** Math.floor(Math.log10(Math.max(rate, 1e-9)));
  return rate < 10 ? Math.round(rate * 10) / 10 || 0.1 : Math.round(rate / scale * 10) * scale / 10;
}
function button(name, text, title, act) {
  ui[name] = el('button', {type: 'button', title}, text);
  ui[name].addEventListener('click', act);
  return ui[name];
}

/** Builds the player once; later only texts, widths and drawings change. */
function build() {
  const fair = events.length - data.guests;
  ui.clock = el('b'); ui.tenths = el('small'); ui.needle = el('u'); ui.rate = el('i'); ui.say = el('p', {className: 'unseen', 'aria-live': 'polite'});
  ui.strips = el('canvas', {tabIndex: 0, role: 'slider', 'aria-label': 'Simulated time', 'aria-valuemin': '0', 'aria-valuemax': String(Math.round(data.end))});
  ui.speed = el('select', {'aria-label': 'Speed', title: 'Speed (+ and -)'}, ...speeds());
  ui.pick = el('select', {'aria-label': 'Follow one ' + data.noun}, el('option', {value: ''}, 'follow …'), ...events.map((event, i) => el('option', {value: String(i)}, event.name + (event.guest ? ', guest' : ''))));
  ui.guess = el('div', {className: 'card first'}); ui.story = el('div', {className: 'card'}); ui.check = el('output', {id: 'check', hidden: true});
  root.replaceChildren(
    el('header', {}, el('div', {}, el('h2', {}, 'Watch it'), el('p', {}, 'One stage a policy, one clock, the same luck: ', el('b', {}, 'grey is everybody, dots are faces.'))),
      el('div', {className: 'clock'}, el('p', {}, ui.clock, ui.tenths), el('p', {className: 'rate'}, el('span', {className: 'gauge', title: 'the rate of time, on a logarithmic scale'}, ui.needle), 'one second here is ', ui.rate))),
    el('div', {className: 'desk'}, ...data.guess ? [ui.guess] : [],
      el('div', {className: 'main'}, ...stages.map(buildStage), el('div', {className: 'strips'}, ui.strips),
        el('div', {className: 'controls'},
          button('back', '◂ step', 'Previous step (←)', () => step(-1)), button('play', 'Play', 'Play or pause (space)', () => play(!view.playing)),
          button('next', 'step ▸', 'Next step (→)', () => step(1)), ui.speed,
          button('stretch', 'Stretch time', 'Every gap of the followed life lasts as its logarithm (W)', () => stretch(!view.stretch)),
          button('differ', 'Only those that end otherwise', 'Dims what ends alike under each policy (D)', () => { view.differ = !view.differ; draw(true); keep(); }),
          ui.pick, button('keys', '?', 'All keys', () => ui.help.showModal())),
        el('p', {className: 'hint'}, ...KEYS.slice(0, 3).flatMap(([keys, text]) => [...keys.map(key => el('kbd', {}, key)), ' ' + text + '  ']), el('kbd', {}, '?'), ' all keys'),
        ...data.trial ? [buildTrial(data.trial)] : []),
      el('aside', {}, ui.story, buildKey())),
    el('p', {className: 'foot'}, 'Grey areas and numbers are everybody: ' + plural(data.sample.of, data.noun) + ', counted exactly every ' + spanText(stages[0].frames.t[1] ?? data.end) + '. The ' + plural(fair, 'dot') + ' are a fair sample, the same under every policy: one dot stands for ' + (scales.each > 1.05 ? 'about ' + number(Math.round(scales.each)) : 'one') + '.' + (data.guests ? ' ' + plural(data.guests, 'guest') + ' with a flag: chosen for a rare fate, each stands for itself.' : '')),
    ui.say, buildHelp(), ui.check);
  ui.differ.hidden = stages.length < 2;
  ui.differ.disabled = !events.some(event => event.differs);
}
function buildStage(stage) {
  stage.ledger = el('div', {className: 'ledger', role: 'img'});
  for (const piece of stage.pieces) {
    const [word, bar] = PLACES[piece.word] ?? [piece.word, 'bar-slate'];
    piece.name = piece.word === 'hidden' ? HIDDEN[stage.mode] : piece.word === 'visible' && stage.mode !== 'queue' ? 'waiting' : word;
    piece.box = stage.ledger.appendChild(el('div', {className: bar}));
  }
  stage.sum = el('span', {className: 'sum'}); stage.fault = el('span', {className: 'fault'});
  stage.canvas = el('canvas', {role: 'img'});
  stage.canvas.addEventListener('click', event => follow(nearest(stage, event)?.i ?? -1));
  stage.canvas.addEventListener('pointermove', event => { stage.canvas.style.cursor = nearest(stage, event) ? 'pointer' : ''; });
  return el('section', {className: 'stage', 'aria-label': stage.name}, el('h3', {}, stage.name, el('span', {}, stage.setting ?? ''), stage.fault, stage.sum), stage.ledger, stage.canvas);
}
function speeds() {
  const rates = [[1, 'real time'], [niceRate(data.end / 240), 'four minutes'], [MINUTE_RATE, 'a minute to watch'], [niceRate(data.end / 20), '20 seconds']];
  const distinct = new Map(rates.filter(([rate]) => rate > 0).map(([rate, words]) => [rate, words]));
  return [...distinct].sort((a, b) => a[0] - b[0]).map(([rate, words]) => el('option', {value: String(rate), selected: rate === MINUTE_RATE}, '×' + number(rate) + ' (' + words + ')'));
}
/** A mark of the vocabulary as a small picture. */
function picture(shape, size, r) {
  const canvas = el('canvas', {'aria-hidden': 'true'}), ratio = devicePixelRatio || 1, c = canvas.getContext('2d');
  canvas.width = canvas.height = size * ratio;
  c.setTransform(ratio, 0, 0, ratio, size * ratio / 2, size * ratio / 2);
  mark(c, shape, r);
  return canvas;
}
function buildKey() {
  const mode = stages[0].mode, key = [
    ['before a failure', {state: 'wait', nth: 1}], ['running', {state: 'run', part: 6}], ['fails', {state: 'failing'}],
    [HIDDEN[mode] + ', failed once', {state: 'hidden', nth: 1, fails: 1}], ['back, failed once', {state: 'wait', nth: 1, fails: 1}],
    ['done at once', {state: 'done'}], ['done after a failure', {state: 'done', fails: 1}], ['dead letter', {state: 'dead'}],
    ...scales.lost ? [['lost or told it failed', {state: 'lost'}]] : [], ...mode === 'queue' ? [['redriven: a new life', {state: 'wait', lives: 1}]] : [],
    ...mode === 'sync' ? [['its caller, waiting', {state: 'caller'}]] : [], ...data.guests ? [['guest: a rare fate', {state: 'wait', guest: true}]] : [],
    ['everybody, exact', {state: 'crowd'}]];
  ui.key = () => list.replaceChildren(...key.map(([text, shape]) => el('li', {}, picture(shape, 26, 6.4), text)));
  const list = el('ul', {className: 'key'});
  return el('div', {className: 'card'}, el('h3', {}, 'What you see'), list);
}
const KEYS = [
  [['space'], 'play or pause'], [['←', '→'], 'step'], [['N'], 'next life'], [['P'], 'the life before'], [['shift ←', 'shift →'], 'a tenth of the time'],
  [['home', 'end'], 'beginning, end'], [['+', '−'], 'faster, slower'], [['W'], 'stretch time'], [['D'], 'only those that end otherwise'], [['esc'], 'follow nobody'], [['?'], 'this list']];
function buildHelp() {
  ui.help = el('dialog', {'aria-label': 'All keys'}, el('h3', {}, 'All keys'),
    el('dl', {}, ...KEYS.flatMap(([keys, text]) => [el('dt', {}, ...keys.map(key => el('kbd', {}, key))), el('dd', {}, text)])),
    el('p', {}, 'The address keeps the moment: copy it to share what you see.'), el('form', {method: 'dialog'}, el('button', {}, 'Close')));
  return ui.help;
}

// ---- What is told in words

function drawLedger(stage, {i}) {
  if (stage.drawn === i + '|' + stage.ledger.clientWidth) return;
  stage.drawn = i + '|' + stage.ledger.clientWidth;
  const sum = stage.pieces.reduce((all, {list}) => all + list[i], 0), width = stage.ledger.clientWidth;
  for (const {name, list, box} of stage.pieces) {
    const share = sum ? list[i] / sum : 0, text = name + ' ' + number(list[i]);
    box.style.flexBasis = 100 * share + '%';
    box.hidden = !list[i];
    box.textContent = width * share > 14 + text.length * 6.6 ? text : '';
    box.title = text;
    box.dataset.count = list[i];
  }
  stage.sum.textContent = number(sum) + ' entered';
  stage.ledger.setAttribute('aria-label', 'Ledger: ' + stage.pieces.map(({name, list}) => name + ' ' + number(list[i])).join(', ') + '; together ' + number(sum));
}

function drawGuess() {
  const {guess} = data, over = view.seen >= data.end;
  if (!guess || ui.guessed === over + '|' + view.started) return;
  ui.guessed = over + '|' + view.started;
  const shown = value => number(value) + (guess.unit ? ' ' + guess.unit : ''), part = value => 100 * Math.min(1, Math.max(0, (value - guess.from) / (guess.to - guess.from))) + '%';
  const rows = stages.map((stage, k) => {
    const truth = guess.truth[k], out = el('output', {}, over ? shown(truth) : view.guess[k] === null ? '?' : shown(view.guess[k]));
    if (over) {
      const fill = el('i'), pin = el('u', {hidden: view.guess[k] === null, title: 'your guess: ' + shown(view.guess[k])});
      fill.style.width = part(truth ?? guess.from); pin.style.left = part(view.guess[k]);
      return el('div', {className: 'guess'}, el('span', {}, stage.name), el('div', {className: 'truth'}, fill, pin), out);
    }
    const range = el('input', {type: 'range', min: guess.from, max: guess.to, step: niceRate((guess.to - guess.from) / 200), disabled: view.started, 'aria-label': 'Your guess for ' + stage.name});
    range.value = view.guess[k] ?? (guess.from + guess.to) / 2;
    range.addEventListener('input', () => { view.guess[k] = Number(range.value); out.textContent = shown(view.guess[k]); range.classList.add('set'); });
    range.classList.toggle('set', view.guess[k] !== null);
    return el('div', {className: 'guess'}, el('label', {}, el('span', {}, stage.name), range), out);
  });
  ui.guess.replaceChildren(el('h3', {}, over ? 'What you guessed, what happened' : view.started ? 'Your guess' : 'Guess first'),
    el('p', {}, guess.words + (over ? '. Bar: what happened; pin: your guess.' : ' – what will it be?')), ...rows,
    ...over ? [el('p', {className: 'finding'}, data.name.finding ?? data.name.answer ?? '')] : []);
}

/** The life of the followed event under each policy, as far as it was watched. */
function drawStory() {
  const event = events[view.followed];
  const known = event && stages.map(stage => { const life = stage.lives[view.followed]; return [lastNotAbove(life, view.now, one => one.t), lastNotAbove(life, view.seen, one => one.t)]; });
  const signature = view.followed + '|' + known;
  if (ui.told === signature) return;
  ui.told = signature;
  if (!event) return ui.story.replaceChildren(el('h3', {}, 'The story of one ' + data.noun), el('p', {}, 'Click a dot or press N: its life ' + (stages.length > 1 ? 'under each policy' : '') + ', with the rule behind each step.'));
  const fates = event.fates.map((words, k) => view.seen >= data.end ? words : null);
  ui.story.replaceChildren(el('h3', {}, data.noun[0].toUpperCase() + data.noun.slice(1) + ' ' + event.name + (stages.length > 1 ? ' in ' + (stages.length === 2 ? 'both' : 'all') + ' worlds' : '')),
    el('div', {className: 'story'}, ...stages.map((stage, k) => el('div', {}, el('h4', {}, stage.name, ...fates[k] ? [el('span', {}, ' ' + fates[k])] : []), tellLife(stage.lives[view.followed], ...known[k])))));
}
function tellLife(life, now, seen) {
  const told = life.map((one, k) => [one, k]).filter(([one, k]) => data.phrases[one.say] !== '' && k <= seen).map(([one, k]) => tellStep(one, k > now));
  if (seen < life.length - 1 && view.seen < data.end) told.push(el('li', {className: 'later'}, life.length && seen < 0 ? 'not yet; → goes to where it begins' : '…'));
  return el('ol', {}, ...told);
}
function tellStep(one, later) {
  const shape = {state: one.state, fails: one.fails, lives: one.what === WHAT.redriven ? 1 : 0, part: 6};
  const jump = el('button', {type: 'button', className: 'time', title: 'Go there'}, clockText(one.t, 1)), item = el('li', {className: later ? 'later' : ''}, picture(shape, 18, 4.4), jump, ' ' + (data.phrases[one.say] ?? '') + ' ');
  jump.addEventListener('click', () => { play(false); seek(one.t); keep(); });
  const rule = data.rules[one.rule];
  if (!rule) return item;
  const sentence = el('span', {className: 'sentence', hidden: !view.rules.has(rule[0])}, rule[1]);
  const chip = el('button', {type: 'button', className: 'rule', title: rule[1], 'aria-expanded': String(!sentence.hidden)}, rule[0]);
  chip.addEventListener('click', () => {
    sentence.hidden = !sentence.hidden;
    chip.setAttribute('aria-expanded', String(!sentence.hidden));
    view.rules[sentence.hidden ? 'delete' : 'add'](rule[0]);
  });
  item.append(chip, sentence);
  return item;
}

/** What a reader who sees nothing of the stage is told after a step. */
function say() {
  const told = stages.map(stage => {
    if (view.followed >= 0) {
      const one = stepAt(stage.lives[view.followed], view.now);
      return stage.name + ': ' + (one ? data.phrases[one.say] || {run: 'running', wait: 'waiting'}[one.state] || one.state : 'not yet there');
    }
    const {i} = frameAt(stage, view.now);
    return stage.name + ': ' + stage.pieces.filter(({list}) => list[i]).map(({name, list}) => name + ' ' + number(list[i])).join(', ');
  });
  ui.say.textContent = clockText(view.now, 1) + '. ' + told.join('. ');
}

// ---- Try it: the slider switches between runs that were made

function buildTrial(trial) {
  const chosen = trial.choices.map(() => 0), picture = el('canvas', {role: 'img'}), table = el('table'), command = el('code'), heading = el('p', {className: 'values'});
  const t = trial.t, most = list => list.reduce((a, b) => Math.max(a, b), 0);
  const rates = trial.points.map(point => most(point.first.map((n, i) => i ? (n + point.retry[i]) / Math.max(1e-9, t[i] - t[i - 1]) : 0)));
  const scale = {rate: 1.12 * Math.max(1e-9, ...rates), dlq: 1.12 * Math.max(1, ...trial.points.map(point => most(point.dlq)))};
  const outs = trial.choices.map(() => el('output'));
  ui.trial = () => {
    const values = chosen.map((at, k) => trial.choices[k][at]), point = trial.points.find(one => one.values.every((value, k) => value === values[k]));
    outs.forEach((out, k) => { out.textContent = values[k]; });
    command.textContent = point ? point.command : 'this point was not run';
    heading.textContent = 'attempts per second' + (scale.dlq > 1.12 ? ' and dead letters' : '') + ', at the same scale for every run';
    table.replaceChildren(...point ? point.summary.map(([name, value]) => el('tr', {}, el('th', {scope: 'row'}, name), el('td', {}, typeof value === 'number' ? number(value) : String(value ?? 'unknown')))) : []);
    const [c, width] = fitted(picture, 74), X = s => width * s / t[t.length - 1];
    if (point) drawStorm(c, {t, ...point}, X, 72, 70, scale, Infinity);
    line(c, 'line', 1, [0, 72.5], [width, 72.5]);
    picture.setAttribute('aria-label', 'Attempts per second and dead letters with ' + values.join(', '));
  };
  const sliders = trial.paths.map((path, k) => {
    const range = el('input', {type: 'range', min: 0, max: trial.choices[k].length - 1, step: 1, value: 0, 'aria-label': path});
    range.addEventListener('input', () => { chosen[k] = Number(range.value); range.setAttribute('aria-valuetext', trial.choices[k][chosen[k]]); ui.trial(); });
    return el('label', {}, el('code', {}, path), range, outs[k]);
  });
  const copy = el('button', {type: 'button'}, 'Copy');
  copy.addEventListener('click', () => navigator.clipboard?.writeText(command.textContent).then(() => { copy.textContent = 'Copied'; }, () => {}));
  return el('section', {className: 'trial', 'aria-label': 'Try it'}, el('h3', {}, 'Try it'), el('p', {}, plural(trial.points.length, 'run') + ' made before; nothing between them is guessed.'),
    ...sliders, el('div', {className: 'point'}, el('div', {}, heading, picture), table), el('p', {className: 'command'}, command, copy));
}

// ---- Drawing an instant. `cut`: dots stand where they belong; otherwise those that just left are on their way.

function draw(cut) {
  const {now} = view;
  view.seen = Math.max(view.seen, now);
  const rate = view.time.rate(now), fine = clockText(now, 1).split('.');
  ui.clock.textContent = fine[0]; ui.tenths.textContent = data.end < 36000 || rate < 10 ? '.' + fine[1] : '';
  ui.rate.textContent = spanText(rate);
  ui.needle.style.left = Math.min(98, Math.max(0, 50 + 12.5 * Math.log10(rate / MINUTE_RATE * 1))) + '%';
  const options = {followed: view.followed, label: events[view.followed]?.name, dimmed: i => view.differ && !events[i].differs};
  for (const stage of stages) {
    const width = stage.canvas.clientWidth;
    if (stage.geometry?.width !== width) stage.geometry = geometry(stage, width, scales);
    const g = stage.geometry, [c] = fitted(stage.canvas, g.height), active = data.faults.filter(fault => fault.from <= now && now < fault.to);
    drawLedger(stage, frameAt(stage, now));
    drawStage(c, stage, now, g, scales, active);
    const marks = placed(stage, now, g, scales, events), watched = view.time.watched(now);
    stage.hits = drawDots(c, stage, cut || still.matches ? marks : marks.map(m => onItsWay(stage, g, m, watched - view.time.watched(m.step.t))), g, options);
    stage.fault.textContent = active.map(fault => fault.words).join(', ');
  }
  const g = stormGeometry(data, ui.strips.clientWidth), [c] = fitted(ui.strips, g.height);
  ui.stormG = g;
  drawSlider(c, data, g, storm, view);
  drawGuess(); drawStory(); drawState();
}
/** What the controls say. */
function drawState() {
  ui.play.textContent = view.playing ? 'Pause' : view.now >= data.end ? 'Again' : 'Play';
  ui.stretch.setAttribute('aria-pressed', String(view.stretch));
  ui.differ.setAttribute('aria-pressed', String(view.differ));
  ui.pick.value = view.followed < 0 ? '' : String(view.followed);
  ui.strips.setAttribute('aria-valuenow', String(Math.round(view.now)));
  ui.strips.setAttribute('aria-valuetext', clockText(view.now));
  if (!view.playing) stages.forEach(stage => stage.canvas.setAttribute('aria-label', stage.name + ' at ' + clockText(view.now, 1) + '. ' + stage.ledger.getAttribute('aria-label')));
  if (ui.untold && view.seen >= data.end) tellTheEnd();
}
function nearest(stage, {offsetX, offsetY}) {
  let best = null, least = 16;
  for (const m of stage.hits ?? []) {
    const far = Math.hypot(m.x - offsetX, m.y - offsetY);
    if (far < least) [best, least] = [m, far];
  }
  return best;
}

/** What tells the end (answer, charts) waits until the reader has guessed and watched, or asks for it. */
function hideTheEnd() {
  const told = [...document.querySelectorAll('[data-told]')];
  if (!data.guess || !told.length || view.seen > 0) return;
  const ask = el('button', {type: 'button'}, 'Show it now');
  ask.addEventListener('click', tellTheEnd);
  ui.untold = el('p', {className: 'untold'}, 'The answer and its charts come when you have guessed and watched to the end. ', ask);
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
  const passed = Math.min(0.1, Math.max(0, (stamp - last) / 1000));
  last = stamp;
  view.now = Math.max(view.now, Math.min(data.end, view.time.simulated(view.time.watched(view.now) + passed)));
  if (data.end - view.now < 1e-6) view.now = data.end;
  if (view.now >= data.end) { play(false); return; }
  if (!still.matches || stamp - drawn >= 500) { draw(); drawn = stamp; }
  requestAnimationFrame(frame);
}
function play(on) {
  if (on === view.playing) return;
  if (on && data.guess && !view.started && !view.asked && view.guess.every(one => one === null)) {
    view.asked = true;
    ui.guess.classList.add('asked');
    ui.say.textContent = 'Guess first: ' + data.guess.words + '. Or press Play again to watch without a guess.';
    ui.guess.querySelector('p').textContent = ui.say.textContent;
    ui.guess.querySelector('input').focus();
    return;
  }
  view.playing = on;
  if (on) {
    ui.guess.classList.remove('asked');
    view.started = true;
    if (view.now >= data.end) view.now = 0;
    last = performance.now();
    requestAnimationFrame(frame);
  } else { say(); keep(); }
  draw(view.now >= data.end);
}
function seek(t) {
  view.now = Math.max(0, Math.min(data.end, t));
  if (view.now > 0) view.started = true;
  draw(true);
}
/** To the next instant at which the followed event, or any that is shown, does something. */
function step(way) {
  play(false);
  const shown = events.map((_, i) => i).filter(i => view.followed >= 0 ? i === view.followed : !view.differ || events[i].differs);
  let to = null;
  for (const {lives} of stages) for (const i of shown) for (const {t} of lives[i]) {
    if (way * (t - view.now) > 1e-6 && (to === null || way * (to - t) > 0)) to = t;
  }
  if (to === null) ui.say.textContent = way > 0 ? 'That was the last step.' : 'That was the first step.';
  else { seek(to); say(); keep(); }
}
function follow(i) {
  view.followed = i;
  retime();
  draw(!view.playing);
  say(); keep();
}
/** The next life among those that have begun; if none has, the first to begin, and where it begins. */
function followNext(way) {
  const begins = i => Math.min(...stages.map(stage => stage.lives[i][0]?.t ?? Infinity));
  const shown = events.map((_, i) => i).filter(i => !view.differ || events[i].differs), begun = shown.filter(i => begins(i) <= view.now);
  if (!shown.length) return;
  if (begun.length) return follow(way > 0 ? begun.find(i => i > view.followed) ?? begun[0] : begun.findLast(i => i < view.followed) ?? begun[begun.length - 1]);
  const first = shown.reduce((a, b) => begins(b) < begins(a) ? b : a);
  if (begins(first) <= data.end) view.now = begins(first);
  follow(first);
}
function retime() {
  if (view.stretch && view.followed < 0) view.followed = Math.max(0, events.findIndex(event => event.differs));
  view.stretch &&= events.length > 0;
  view.time = view.stretch ? stretchedTime(stages, view.followed, data.end) : plainTime(view.rate, data.end);
}
function stretch(on) { view.stretch = on; retime(); draw(!view.playing); keep(); }
function faster(by) {
  ui.speed.selectedIndex = Math.max(0, Math.min(ui.speed.options.length - 1, ui.speed.selectedIndex + by));
  ui.speed.dispatchEvent(new Event('change'));
}

/** The address keeps the moment. */
function keep() {
  const parts = {t: clockText(view.now, 1).replace(' ', '+').replace('.0', '')};
  if (view.followed >= 0) parts.event = encodeURIComponent(events[view.followed].key);
  if (view.stretch) parts.stretch = 1;
  if (view.differ) parts.differ = 1;
  if (view.guess.some(one => one !== null)) parts.guess = view.guess.map(one => one ?? '').join(',');
  try { history.replaceState(null, '', '#' + Object.entries(parts).map(([key, value]) => key + '=' + value).join('&')); } catch { /* a page in a frame may not */ }
}
function recall() {
  const parts = Object.fromEntries(location.hash.slice(1).split('&').map(part => part.split('=').map(decodeURIComponent)));
  view.followed = parts.event === undefined ? -1 : events.findIndex(event => event.key === parts.event || String(event.nth) === parts.event);
  view.stretch = parts.stretch === '1'; view.differ = parts.differ === '1';
  if (parts.guess) view.guess = stages.map((_, k) => { const text = parts.guess.split(',')[k]; return text ? Number(text) : null; });
  view.now = Math.max(0, Math.min(data.end, clockRead(parts.t) ?? 0));
  view.started = view.now > 0;
  view.seen = Math.max(view.seen, view.now);
  retime();
  ui.guessed = ui.told = null;
  draw(true);
  say();
  return parts;
}

const ACTS = {
  ' ': () => play(!view.playing), ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => { seek(0); keep(); }, End: () => { seek(data.end); keep(); },
  n: () => followNext(1), p: () => followNext(-1), w: () => stretch(!view.stretch), d: () => ui.differ.disabled || ui.differ.hidden || ui.differ.click(),
  Escape: () => follow(-1), '+': () => faster(1), '=': () => faster(1), '-': () => faster(-1), '?': () => ui.help.showModal(),
};
function onKey(event) {
  const {target, key} = event, inside = root.contains(target), bounds = root.getBoundingClientRect();
  const idle = target === document.body && bounds.top < innerHeight && bounds.bottom > 0;
  if (event.ctrlKey || event.metaKey || event.altKey || ui.help.open || !inside && !idle || /INPUT|SELECT|TEXTAREA/.test(target.tagName)) return;
  if (key === ' ' && target.tagName === 'BUTTON') return;
  const act = event.shiftKey && key.startsWith('Arrow') ? () => { seek(view.now + (key === 'ArrowRight' ? 0.1 : -0.1) * data.end); say(); keep(); } : ACTS[key.length === 1 ? key.toLowerCase() : key];
  if (!act || key.startsWith('Arrow') && !/Left|Right/.test(key)) return;
  event.preventDefault();
  act();
}
function listen() {
  addEventListener('keydown', onKey);
  ui.speed.addEventListener('change', () => { view.rate = Number(ui.speed.value); retime(); draw(!view.playing); });
  ui.pick.addEventListener('change', () => follow(ui.pick.value === '' ? -1 : Number(ui.pick.value)));
  let held = false;
  const drag = event => seek(ui.stormG.T(event.offsetX));
  ui.strips.addEventListener('pointerdown', event => { held = true; ui.strips.setPointerCapture(event.pointerId); play(false); drag(event); });
  ui.strips.addEventListener('pointermove', event => held && drag(event));
  ui.strips.addEventListener('pointerup', () => { held = false; say(); keep(); });
  const again = () => { readColours(); ui.key(); ui.told = null; ui.trial?.(); draw(!view.playing); };
  new ResizeObserver(() => { ui.trial?.(); draw(!view.playing); }).observe(root);
  dark.addEventListener('change', again);
  addEventListener('hashchange', recall);
}

// ---- The player checks itself (#check=1): it plays by the same frames as on a screen, but on a clock of its
// ---- own, and writes what it saw as JSON into <output id="check">. Judging it is left to who reads it.

function check() {
  const seen = {faults: [], instants: [], played: {frames: 0, back: 0, from: view.now, to: 0, slowest_ms: 0, mean_ms: 0}, steps: [], story: [], drawn: 0};
  const bars = () => stages.map(stage => ({
    bar: Object.fromEntries(stage.pieces.map(({word, box}) => [word, Number(box.dataset.count)])), sum: stage.sum.textContent,
    shares: stage.pieces.reduce((all, {box}) => all + parseFloat(box.style.flexBasis), 0),
  }));
  try {
    const kept = {...view};
    for (let k = 1; k <= 10; k++) { seek(data.end * k / 10); seen.instants.push({t: view.now, stages: bars()}); }
    seen.drawn = stages.reduce((all, stage) => all + stage.hits.length, 0);
    seen.end = ui.guess.textContent;
    Object.assign(view, kept, {now: 0, asked: true});
    play(true);
    let stamp = last, before = view.now, spent = 0;
    for (let k = 0; k < 4000 && view.playing; k++) {
      const begun = performance.now();
      frame(stamp += 1000 / 60);
      const took = performance.now() - begun;
      spent += took;
      seen.played.slowest_ms = Math.max(seen.played.slowest_ms, took);
      if (view.now < before) seen.played.back++;
      before = view.now;
      seen.played.frames++;
    }
    seen.played.mean_ms = spent / Math.max(1, seen.played.frames);
    seen.played.to = view.now;
    play(false);
    Object.assign(view, kept, {playing: false});
    retime();
    if (view.followed < 0) followNext(1);
    seek(0);
    for (let k = 0, t = -1; k < 50 && view.now > t; k++) { t = view.now; step(1); seen.steps.push(view.now); }
    seek(data.end);
    seen.story = [...ui.story.querySelectorAll('li')].map(item => item.textContent);
    seen.title = ui.story.querySelector('h3').textContent;
    Object.assign(view, kept, {playing: false});
    retime(); draw(true); keep();
  } catch (error) { seen.faults.push(String(error.stack ?? error)); }
  ui.check.textContent = JSON.stringify(seen);
}

const faults = [];
readColours();
build();
ui.key();
const asked = recall();
hideTheEnd();
ui.trial?.();
listen();
if (asked.check === '1') check();
})();
