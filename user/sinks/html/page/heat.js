// SPDX-License-Identifier: BSD-2-Clause
// Lag over time: how many iterations took how long, in each span between two saved states of
// the loop's histogram.

const heatCanvas = byId('heat');
const heatHeight = 240;
const lastRow = 53;
const widestSpans = 400; // more are added up in columns of a few pixels
const columnPixels = 4;
let heat = null; // what is drawn: area, bins, from, to
let whole = null; // what stays the same until another loop is chosen: loop, rows, note

// In ns; a row is half a power of two, see html_history.h.
function rowBottom(row) {
	return row ? 1e9 * 2 ** (-20 + (row - 1) / 2) : 1e9 * 2 ** -21;
}

function rowTop(row) {
	return row < lastRow ? 1e9 * 2 ** (-20 + row / 2) : 128e9;
}

// Spans of the loops that are chosen, as columns: { from, to, rows: Map row -> count, ... }.
function heatBins(area) {
	const loops = chosenLoops().filter(loop => loop.spans && loop.spans.length);
	const inRange = span => span.end > view.from && span.start < view.to;
	const spans = loops.flatMap(loop => loop.spans.filter(inRange));

	if (loops.length === 1 && spans.length <= widestSpans)
		return spans.map(span => addSpan(emptyBin(span.start, span.end), span, 1));
	const count = Math.max(1, Math.floor((area.right - area.left) / columnPixels));
	const size = (view.to - view.from) / count;
	const bins = Array.from({ length: count }, (unused, i) =>
		emptyBin(view.from + i * size, view.from + (i + 1) * size));

	for (const span of spans) {
		const first = Math.max(0, Math.floor((span.start - view.from) / size));
		const last = Math.min(count - 1, Math.floor((span.end - view.from) / size));

		for (let i = first; i <= last; i++) {
			const common = Math.min(span.end, bins[i].to) - Math.max(span.start, bins[i].from);

			if (common > 0)
				addSpan(bins[i], span, common / (span.end - span.start));
		}
	}
	return bins;
}

function emptyBin(from, to) {
	return { from, to, rows: new Map(), busy: 0, idle: 0, iterations: 0 };
}

function addSpan(bin, span, share) {
	bin.busy += share * span.busy;
	bin.idle += share * span.idle;
	bin.iterations += share * span.iterations;
	for (let i = 0; i < span.cells.length; i += 2)
		bin.rows.set(span.cells[i], (bin.rows.get(span.cells[i]) || 0) + share * span.cells[i + 1]);
	return bin;
}

// The rows that anything is in, at any time: so that they stay where they are in a zoom.
function heatRows() {
	let low = lastRow, high = 0;

	for (const loop of chosenLoops())
		for (const span of loop.spans)
			if (span.cells.length) {
				low = Math.min(low, span.cells[0]);
				high = Math.max(high, span.cells[span.cells.length - 2]);
			}
	while (high < lastRow && rowTop(high) < data.threshold_ns * 1.5)
		high++;
	return [Math.max(0, Math.min(low, high - 6)), high];
}

function channels(text) {
	const number = parseInt(text.slice(1), 16);

	return [number >> 16, number >> 8 & 255, number & 255];
}

// share: 0 to 1 along the ramp's colours
function rampColour(ramp, share) {
	const at = Math.min(0.9999, Math.max(0, share)) * (ramp.length - 1);
	const i = Math.floor(at), rest = at - i;
	const mixed = ramp[i].map((value, k) => Math.round(value + rest * (ramp[i + 1][k] - value)));

	return `rgb(${mixed.join(',')})`;
}

function heatRamp() {
	return ['--heat-0', '--heat-1', '--heat-2', '--heat-3'].map(name => channels(colour(name)));
}

// Iterations a second, lowest and highest of the cells.
function rateRange(bins) {
	let low = Infinity, high = 0;

	for (const bin of bins)
		for (const count of bin.rows.values()) {
			const rate = count / (bin.to - bin.from) * 1e6;

			low = Math.min(low, rate);
			high = Math.max(high, rate);
		}
	return [low, high];
}

function drawCells(area, bins, from, to, [low, high]) {
	const { context } = area;
	const ramp = heatRamp();
	const span = Math.log(high / low) || 1;

	context.save();
	clipTo(area);
	for (const bin of bins) {
		const left = Math.round(timeToX(area, bin.from));
		const width = Math.max(1, Math.round(timeToX(area, bin.to)) - left);

		for (const [row, count] of bin.rows) {
			const top = Math.round(logToY(area, rowTop(row), from, to));
			const bottom = Math.round(logToY(area, rowBottom(row), from, to));
			const rate = count / (bin.to - bin.from) * 1e6;

			context.fillStyle = rampColour(ramp, high > low ? Math.log(rate / low) / span : 0.6);
			context.fillRect(left, top, width > 6 ? width - 1 : width,
				bottom - top > 8 ? bottom - top - 1 : bottom - top);
		}
	}
	context.restore();
}

function drawHeat() {
	const area = prepare(heatCanvas, heatHeight);
	const bins = heatBins(area);

	if (!whole || whole.loop !== view.loop)
		whole = { loop: view.loop, rows: heatRows(), note: spanNote() };
	const [lowRow, highRow] = whole.rows;
	const from = rowBottom(lowRow), to = rowTop(highRow);
	const range = rateRange(bins);

	heat = { area, bins, from, to };
	drawLogAxis(area, from, to);
	drawTimeAxis(area);
	if (range[1])
		drawCells(area, bins, from, to, range);
	else
		drawNothing(area, 'the capture has no state of the loop in this time');
	drawThreshold(area, from, to);
	drawFrame(area);
	drawBrush(heatCanvas, area);
	drawScale(range);
	describeHeat(bins, range);
}

function drawScale([low, high]) {
	const scale = byId('heat-scale');

	if (!high) {
		scale.replaceChildren();
		return;
	}
	const ramp = make('span', { kind: 'ramp', 'aria-hidden': 'true' });

	scale.replaceChildren(make('span', { text: 'iterations a second:' }),
		...(high > low ? [make('span', { text: formatRate(low) }), ramp] : []),
		make('span', { text: formatRate(high) }));
	scale.append(make('span', { kind: 'muted push', text: whole.note }));
}

function formatRate(rate) {
	return rate >= 100 ? formatCount(rate) : String(Number(rate.toPrecision(2)));
}

// How fine it can be: captures save the state of a loop each ten seconds, or each -i.
function spanNote() {
	const sizes = chosenLoops().flatMap(loop => loop.spans.map(span => span.end - span.start));

	sizes.sort((one, other) => one - other);
	return sizes.length ? `a column is ${formatDuration(1000 * sizes[sizes.length >> 1])} ` +
		'(-i when recording makes it finer)' : '';
}

function describeHeat(bins, [low, high]) {
	heatCanvas.setAttribute('aria-label', high ? 'Heat map of lag: iterations by busy time, from ' +
		`${formatInstant(view.from)} to ${formatClock(view.to)}, ${formatRate(low)} to ` +
		`${formatRate(high)} iterations a second in a cell. A table follows below.` :
		'Heat map of lag: no data.');
}

function hoverHeat(event) {
	const box = heatCanvas.getBoundingClientRect();
	const us = xToTime(heat.area, event.clientX - box.left);
	const y = event.clientY - box.top;
	const bin = heat.bins.find(candidate => us >= candidate.from && us < candidate.to);

	if (!bin) {
		hideTooltip();
		return;
	}
	const lines = [`${formatClock(bin.from)} to ${formatClock(bin.to)}`];

	for (let row = 0; row <= lastRow; row++)
		if (y <= logToY(heat.area, rowBottom(row), heat.from, heat.to) &&
			y > logToY(heat.area, rowTop(row), heat.from, heat.to))
			lines.push(`${formatDuration(rowBottom(row))} to ${formatDuration(rowTop(row))}: ` +
				plural(bin.rows.get(row) || 0, 'iteration'));
	lines.push(`${plural(bin.iterations, 'iteration')} in all, busy ` +
		formatShare(bin.busy / (bin.busy + bin.idle || 1)));
	showTooltip(event, lines);
}
