// SPDX-License-Identifier: BSD-2-Clause
// Wires the parts of the page to what they show.

const drawDelayMs = 150; // after the last zoom: what is slower to draw than the charts
let drawTimer = 0;

function drawRange() {
	byId('range').textContent = `${formatClock(view.from)} to ${formatClock(view.to)}, ` +
		formatDuration(1000 * (view.to - view.from));
	byId('zoom-reset').disabled = view.from === data.from && view.to === data.to;
}

function drawCharts() {
	drawHeat();
	drawLoad();
	drawTimeline();
}

function drawSlowParts() {
	fillStallTable();
	fillSpanTable();
	drawCausesLegend();
	drawFlame();
}

function drawForLoop() {
	drawFigures();
	fillCauseTable();
	fillCallbackTable();
	fillFindingTable();
	if (severalLoops)
		pageTables.loops.draw();
}

function drawLater() {
	clearTimeout(drawTimer);
	drawTimer = setTimeout(drawSlowParts, drawDelayMs);
}

function drawAllNow() {
	clearTimeout(drawTimer);
	drawRange();
	drawCharts();
	drawSlowParts();
	for (const table of tables)
		table.draw();
}

function attachButtons() {
	byId('zoom-in').addEventListener('click', () => zoom(0.5, selectedTime()));
	byId('zoom-out').addEventListener('click', () => zoom(2, selectedTime()));
	byId('zoom-reset').addEventListener('click', resetRange);
	byId('help').addEventListener('click', openKeys);
	byId('theme').addEventListener('click', () => {
		const names = { auto: 'system', light: 'light', dark: 'dark' };
		const name = names[nextTheme()];

		byId('theme').textContent = `Theme: ${name}`;
		byId('theme').setAttribute('aria-label', `Colour theme: ${name === 'system' ? 'as the system\u2019s' : name}`);
	});
	document.addEventListener('keydown', event => {
		if (event.key === '?' && !record.open)
			openKeys();
	});
}

// On paper there is light, no scrolling, and no pointer.
function attachPrinting() {
	addEventListener('beforeprint', () => {
		printing = true;
		document.documentElement.classList.add('printing');
		drawAllNow();
	});
	addEventListener('afterprint', () => {
		printing = false;
		document.documentElement.classList.remove('printing');
		drawAllNow();
	});
}

function begin() {
	const onlyLoop = data.realLoops.length === 1 && data.loops.length === 1 ? data.realLoops[0].id : 0;

	document.body.classList.add('ready');
	byId('loops-panel').hidden = !severalLoops;
	drawTitle();
	drawCoverage();
	if (severalLoops)
		makeLoopTable();
	makeStallTable();
	makeCauseTable();
	makeCallbackTable();
	makeFindingTable();
	makeSpanTable();
	attachTime(heatCanvas, () => heat.area, () => {}, hoverHeat);
	attachTime(loadCanvas, () => load.area, () => {}, hoverLoad);
	attachTime(timelineCanvas, () => timeline.area, clickTimeline, hoverTimeline);
	attachFlame();
	attachRecord();
	attachButtons();
	attachPrinting();
	onView(['loop'], drawForLoop);
	onView(['loop', 'range'], drawRange);
	onView(['loop', 'range', 'theme', 'brush'], drawCharts);
	onView(['loop', 'range'], drawLater);
	onView(['selection'], () => {
		drawTimeline();
		announceSelected();
		pageTables.stalls.reveal(view.selected);
	});
	onView(['theme'], () => tables.forEach(table => table.draw()));
	let width = document.querySelector('main').clientWidth;

	new ResizeObserver(([entry]) => {
		// also called at once, and for each change of height
		if (entry.target.clientWidth !== width)
			changed('theme');
		width = entry.target.clientWidth;
	}).observe(document.querySelector('main'));
	setLoop(onlyLoop);
}

begin();
