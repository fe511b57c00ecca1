// SPDX-License-Identifier: BSD-2-Clause
// Utilisation over time: busy / (busy + idle) of each span.

const loadCanvas = byId('load');
const loadHeight = 110;
let load = null;

function drawLoad() {
	const area = prepare(loadCanvas, loadHeight);
	const { context } = area;
	const bins = heat.bins.filter(bin => bin.busy + bin.idle > 0);
	const shareToY = share => area.bottom - share * (area.bottom - area.top);

	load = { area, bins };
	context.textAlign = 'right';
	context.textBaseline = 'middle';
	for (const share of [0, 0.5, 1]) {
		context.strokeStyle = colour('--grid');
		line(context, area.left, Math.round(shareToY(share)) + 0.5, area.right,
			Math.round(shareToY(share)) + 0.5);
		context.fillStyle = colour('--muted');
		context.fillText(`${100 * share} %`, area.left - 8, shareToY(share));
	}
	drawTimeAxis(area);
	context.save();
	clipTo(area);
	for (const bin of bins) {
		const left = Math.round(timeToX(area, bin.from));
		const width = Math.max(1, Math.round(timeToX(area, bin.to)) - left);
		const top = shareToY(bin.busy / (bin.busy + bin.idle));

		context.fillStyle = colour('--load');
		context.globalAlpha = 0.35;
		context.fillRect(left, top, width > 6 ? width - 1 : width, area.bottom - top);
		context.globalAlpha = 1;
		context.fillRect(left, Math.round(top) - 1, width > 6 ? width - 1 : width, 2);
	}
	context.restore();
	if (!bins.length)
		drawNothing(area, 'the capture has no state of the loop in this time');
	drawFrame(area);
	drawBrush(loadCanvas, area);
	describeLoad(bins);
}

function describeLoad(bins) {
	const shares = bins.map(bin => bin.busy / (bin.busy + bin.idle));

	loadCanvas.setAttribute('aria-label', shares.length ? 'Utilisation of the loop over time, from ' +
		`${formatShare(Math.min(...shares))} to ${formatShare(Math.max(...shares))}. ` +
		'A table follows below.' : 'Utilisation: no data.');
}

function hoverLoad(event) {
	const us = xToTime(load.area, event.clientX - loadCanvas.getBoundingClientRect().left);
	const bin = load.bins.find(candidate => us >= candidate.from && us < candidate.to);

	if (bin)
		showTooltip(event, [`busy ${formatShare(bin.busy / (bin.busy + bin.idle))}`,
			`${formatClock(bin.from)} to ${formatClock(bin.to)}`,
			`busy ${formatDuration(1000 * bin.busy)}, waiting ${formatDuration(1000 * bin.idle)}`]);
	else
		hideTooltip();
}
