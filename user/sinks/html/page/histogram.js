// SPDX-License-Identifier: BSD-2-Clause
// Histograms of times: a small one in a row of a table, a large one with its axes.

const smallWidth = 120, smallHeight = 22;

// Of the rows of one table: so that their small histograms can be compared.
function slotRange(histograms) {
	let first = lastSlot, last = 0;

	for (const { first: from, slots } of histograms)
		if (slots.length) {
			first = Math.min(first, from);
			last = Math.max(last, from + slots.length - 1);
		}
	return first <= last ? [first, last] : [0, 8];
}

// Bars of two buckets each, by the square root of their count: the rare long ones are visible.
function smallHistogram(histogram, [first, last]) {
	const canvas = make('canvas', { kind: 'small-histogram', 'aria-hidden': 'true' });
	const density = Math.min(3, devicePixelRatio || 1);
	const context = canvas.getContext('2d');
	const bars = Math.ceil((last - first + 1) / 2);
	const counts = new Array(bars).fill(0);
	const width = Math.min(8, smallWidth / bars);

	canvas.width = smallWidth * density;
	canvas.height = smallHeight * density;
	context.scale(density, density);
	histogram.slots.forEach((count, i) => {
		counts[(histogram.first + i - first) >> 1] += count;
	});
	const most = Math.max(...counts);

	context.fillStyle = colour('--load');
	counts.forEach((count, i) => {
		const height = count ? Math.max(2, Math.sqrt(count / most) * (smallHeight - 3)) : 0;

		context.fillRect(i * width, smallHeight - 1 - height, Math.max(1, width - 0.6), height);
	});
	context.fillStyle = colour('--line');
	context.fillRect(0, smallHeight - 1, bars * width, 1);
	return canvas;
}

const markedShares = [['p50', 'p50'], ['p90', 'p90'], ['p99', 'p99'], ['max', 'max']];

function drawHistogram(canvas, histogram) {
	const area = prepare(canvas, 220);
	const { context } = area;
	// room for the marks' words
	const top = area.top + 22;
	const from = slotEdge(Math.max(0, histogram.first - 5));
	const to = slotEdge(histogram.first + histogram.slots.length + 4);
	const toX = ns => area.left + Math.log(Math.max(ns, from) / from) / Math.log(to / from) *
		(area.right - area.left);
	const most = Math.max(...histogram.slots);

	drawCountAxis(area, most, top);
	drawDurationAxis(area, from, to, toX);
	context.fillStyle = colour('--load');
	histogram.slots.forEach((count, i) => {
		const slot = histogram.first + i;
		const left = toX(slot ? slotEdge(slot - 1) : from), right = toX(slotEdge(slot));
		const height = count ? Math.max(2, count / most * (area.bottom - top)) : 0;

		context.fillRect(left, area.bottom - height, Math.max(1, right - left - 1), height);
	});
	drawShares(area, histogram, toX, top);
	drawFrame({ ...area, top });
	canvas.setAttribute('aria-label', `Histogram of ${plural(histogram.count, 'time')}: ` +
		markedShares.map(([key, word]) => `${word} ${formatDuration(histogram[key])}`).join(', '));
}

function drawCountAxis(area, most, top) {
	const { context } = area;

	context.textAlign = 'right';
	context.textBaseline = 'middle';
	// no half counts
	for (const share of most % 2 && most < 20 ? [0, 1] : [0, 0.5, 1]) {
		const y = Math.round(area.bottom - share * (area.bottom - top)) + 0.5;

		context.strokeStyle = colour('--grid');
		line(context, area.left, y, area.right, y);
		context.fillStyle = colour('--muted');
		context.fillText(formatCount(share * most), area.left - 8, y);
	}
}

function drawDurationAxis(area, from, to, toX) {
	const { context } = area;
	let last = -Infinity;

	context.textAlign = 'center';
	context.textBaseline = 'top';
	for (let decade = 10 ** Math.floor(Math.log10(from)); decade <= to; decade *= 10)
		for (const part of [1, 2, 5]) {
			const x = toX(decade * part);

			if (decade * part < from || decade * part > to || x - last < 54)
				continue;
			last = x;
			context.fillStyle = colour('--muted');
			context.fillText(roundDuration(decade * part), x, area.bottom + 7);
			context.fillRect(Math.round(x), area.bottom, 1, 4);
		}
}

// p50 and its like as lines; words that would lie upon each other become one.
function drawShares(area, histogram, toX, top) {
	const { context } = area;
	let end = -Infinity;

	context.font = axisFont;
	context.textBaseline = 'middle';
	context.textAlign = 'left';
	for (const [key, word] of markedShares) {
		const x = Math.round(toX(histogram[key])) + 0.5;
		const width = context.measureText(word).width;
		const left = Math.min(area.right - width, Math.max(x - width / 2, end + 6));

		context.strokeStyle = colour('--text');
		context.setLineDash([3, 3]);
		line(context, x, top - 4, x, area.bottom);
		context.setLineDash([]);
		if (left < end)
			continue;
		context.fillStyle = colour('--text');
		context.fillText(word, left, top - 12);
		end = left + width;
	}
}

// The same as numbers, for who does not see the bars.
function histogramTable(histogram) {
	const body = make('tbody');

	histogram.slots.forEach((count, i) => {
		const slot = histogram.first + i;

		if (count)
			body.append(make('tr', {},
				make('td', { kind: 'number', text: slot >= lastSlot ? 'longer' :
					`to ${formatDuration(slotEdge(slot))}` }),
				make('td', { kind: 'number', text: formatCount(count) })));
	});
	return make('details', {}, make('summary', { text: 'The same as a table' }),
		make('table', { kind: 'plain' }, make('thead', {}, make('tr', {},
			make('th', { scope: 'col', text: 'time' }), make('th', { scope: 'col', text: 'count' }))), body));
}

function histogramFigures(histogram) {
	const figures = [['count', formatCount(histogram.count)], ['total', formatDuration(histogram.sum)],
		['mean', formatDuration(histogram.sum / (histogram.count || 1))],
		...['min', 'p50', 'p90', 'p99', 'max'].map(key => [key, formatDuration(histogram[key])])];

	return make('dl', { kind: 'facts beside' }, ...figures.map(([name, value]) =>
		make('div', {}, make('dt', { text: name }), make('dd', { text: value }))));
}
