// SPDX-License-Identifier: BSD-2-Clause
// Where the stalls in view spent their time: causes, then stacks from the outermost frame
// down. A box is as wide as the time that was spent in it; its colour is its cause.

const flameRow = 22;
const flameLeast = 0.0015; // of the width; what is narrower cannot be seen
const flameMost = 1500; // boxes
let flameRoot = null, flameFocus = null;

function flameNode(name, place, cause, parent) {
	return { name, place, cause, parent, us: 0, children: new Map() };
}

function childOf(node, key, name, place) {
	let child = node.children.get(key);

	if (!child) {
		child = flameNode(name, place, node.cause, node);
		node.children.set(key, child);
	}
	return child;
}

// Adds up the same stack under the same cause first: there are few of those.
function flameSums() {
	const sums = new Map();

	return {
		sums,
		add(cause, stack, leaf, us) {
			const key = `${cause} ${stack} ${leaf}`;
			const sum = sums.get(key);

			if (!(us > 0))
				return;
			if (sum)
				sum.us += us;
			else
				sums.set(key, { cause, stack, leaf, us });
		},
	};
}

// The parts of a stall that add up to it, by cause.
function partsOf(i) {
	const { stalls } = data;

	if (!(stalls.flags[i] & TIME_KNOWN))
		return [0, 0, 0, 0, 0, stalls.duration_us[i]];
	return [stalls.on_cpu_us[i] - stalls.gc_us[i], stalls.blocked_us[i], stalls.gil_us[i],
		stalls.run_queue_us[i], stalls.gc_us[i], 0];
}

function causeOfSample(i, seen, collecting) {
	if (!(data.stalls.flags[i] & TIME_KNOWN))
		return UNKNOWN;
	return seen === SEEN_GIL ? GIL : seen === SEEN_RUN_QUEUE ? RUN_QUEUE : collecting ? GC : ON_CPU;
}

// Shares a cause's time among its samples.
function addSamples(flame, i, detail, left) {
	const samples = detail.slice(10).filter(part => part[0] === PART_SAMPLE)
		.map(([, count, stack, seen, collecting]) =>
			({ count, stack, cause: causeOfSample(i, seen, collecting) }));
	const times = [...left];

	causes.forEach((unused, cause) => {
		const some = samples.filter(sample => sample.cause === cause && sample.stack);
		const all = some.reduce((sum, sample) => sum + sample.count, 0);

		for (const { count, stack } of some) {
			flame.add(cause, stack, '', times[cause] * count / all);
			left[cause] -= times[cause] * count / all;
		}
	});
}

// What is known of a stall's time goes to stacks, the rest to its causes alone.
function addStall(flame, i) {
	const { stalls } = data;
	const left = partsOf(i), detail = data.details.get(i);
	const call = stalls.call[i] ? callText(data.strings[stalls.call[i]],
		data.strings[stalls.target[i]]) : '';

	if (detail) {
		for (const [kind, , stack, us, name, target] of detail.slice(10))
			if (kind === PART_BLOCKED && left[BLOCKED] > 0) {
				const spent = Math.min(us, left[BLOCKED]);

				flame.add(BLOCKED, stack, callText(data.strings[name], data.strings[target]), spent);
				left[BLOCKED] -= spent;
			}
		addSamples(flame, i, detail, left);
		for (const [kind, , , us, callback] of detail.slice(10))
			if (kind === PART_TOP) {
				const cause = left.indexOf(Math.max(...left));
				const spent = Math.min(us, left[cause]);

				flame.add(cause, 0, `${callbackOf(callback).name} (small ones)`, spent);
				left[cause] -= spent;
			}
	} else if (stalls.stack[i]) {
		// kept without its details: its longest part is of its main stack
		const cause = stalls.cause[i] === GC ? GC : left.indexOf(Math.max(...left));

		flame.add(cause, stalls.stack[i], cause === BLOCKED ? call : '', left[cause]);
		left[cause] = 0;
	}
	left.forEach((us, cause) => flame.add(cause, 0, '', us));
}

function growFlame(root, { cause, stack, leaf, us }) {
	let node = childOf(root, cause, causes[cause].label, '');
	const { frames, cut } = stackOf(stack);

	root.us += us;
	node.cause = cause;
	node.us += us;
	if (cut) {
		node = childOf(node, 'cut', '(more frames than are read)', '');
		node.us += us;
	}
	for (const frame of frames.reverse()) {
		const place = frame ? formatPlace(frame.file, frame.line) : '';
		const name = frame ? frame.name : '?';

		// lines of one function beside each other
		node = childOf(node, `${name} ${place}`, name, place);
		node.us += us;
	}
	if (leaf) {
		node = childOf(node, `call ${leaf}`, leaf, '');
		node.us += us;
	}
}

function buildFlame() {
	const root = flameNode('all stalls', '', UNKNOWN, null);
	const flame = flameSums();

	for (const i of stallsInRange())
		addStall(flame, i);
	for (const sum of flame.sums.values())
		growFlame(root, sum);
	return root;
}

function flameText(node) {
	return `${node.name}${node.place ? `  ${node.place}` : ''}: ${formatDuration(1000 * node.us)}, ` +
		`${formatShare(node.us / (flameRoot.us || 1))} of the stalls' time`;
}

function flameBox(node, level, left, width) {
	const box = make('div', { kind: 'flame-box', role: 'treeitem', tabindex: '-1',
		'aria-level': String(level + 1), label: flameText(node), text: node.name });

	box.style.left = `${100 * left}%`;
	box.style.width = `calc(${100 * width}% - 1px)`;
	box.style.top = `${level * flameRow}px`;
	if (node.parent)
		box.style.setProperty('--cause', `var(${causes[node.cause].colour})`);
	else
		box.classList.add('flame-root');
	box.flameNode = node;
	return box;
}

function heaviestFirst(node) {
	return [...node.children.values()].sort((one, other) => other.us - one.us);
}

function layFlame(host) {
	const path = [];
	const boxes = [];
	let deepest = 0;

	for (let node = flameFocus; node; node = node.parent)
		path.unshift(node);
	path.slice(0, -1).forEach((node, level) => {
		const box = flameBox(node, level, 0, 1);

		box.classList.add('flame-above');
		boxes.push(box);
	});
	// widest first, so that the limit takes away what is least
	const queue = [[flameFocus, path.length - 1, 0, 1]];

	while (queue.length && boxes.length < flameMost) {
		const [node, level, left, width] = queue.shift();
		let at = left;

		boxes.push(flameBox(node, level, left, width));
		deepest = Math.max(deepest, level);
		for (const child of heaviestFirst(node)) {
			const share = width * child.us / node.us;

			if (share >= flameLeast)
				queue.push([child, level + 1, at, share]);
			at += share;
		}
	}
	host.style.height = `${(deepest + 1) * flameRow}px`;
	host.replaceChildren(...boxes);
	boxes[path.length - 1].tabIndex = 0;
}

function drawFlame() {
	const host = byId('flame');

	flameRoot = flameFocus = buildFlame();
	byId('flame-note').textContent = flameRoot.us ?
		`${plural(stallsInRange().length, 'stall')}, ${formatDuration(1000 * flameRoot.us)} in all; ` +
		'outermost frame on top, the widest box first' : '';
	if (flameRoot.us) {
		layFlame(host);
	} else {
		host.replaceChildren(make('p', { kind: 'muted', text: 'No stalls in this time.' }));
		host.style.height = 'auto';
	}
	byId('flame-reset').hidden = true;
	byId('flame-status').textContent = '';
}

function focusFlame(node) {
	const host = byId('flame');

	flameFocus = node;
	layFlame(host);
	byId('flame-reset').hidden = !node.parent;
	host.querySelector('[tabindex="0"]').focus({ preventScroll: true });
	byId('flame-status').textContent = flameText(node);
}

// The box that arrow keys go to: up to the caller, down into it, and sideways.
function flameNeighbour(node, key) {
	const beside = node.parent ? heaviestFirst(node.parent) : [node];
	const at = beside.indexOf(node);

	return { ArrowUp: node.parent, ArrowDown: heaviestFirst(node)[0],
		ArrowLeft: beside[at - 1], ArrowRight: beside[at + 1] }[key];
}

function flameKey(event) {
	const node = event.target.flameNode;

	if (!node)
		return;
	if (event.key === 'Enter' || event.key === ' ') {
		focusFlame(node);
	} else if (event.key === 'Escape') {
		focusFlame(flameRoot);
	} else {
		const wanted = flameNeighbour(node, event.key);
		const box = wanted && [...byId('flame').children].find(candidate =>
			candidate.flameNode === wanted);

		if (!event.key.startsWith('Arrow'))
			return;
		if (box) {
			event.target.tabIndex = -1;
			box.tabIndex = 0;
			box.focus();
			byId('flame-status').textContent = flameText(wanted);
		}
	}
	event.preventDefault();
}

function attachFlame() {
	const host = byId('flame');

	host.addEventListener('click', event => event.target.flameNode && focusFlame(event.target.flameNode));
	host.addEventListener('keydown', flameKey);
	host.addEventListener('pointermove', event => {
		const node = event.target.flameNode;

		if (node)
			showTooltip(event, [node.name, ...node.place ? [node.place] : [],
				`${formatDuration(1000 * node.us)}, ${formatShare(node.us / flameRoot.us)} of the ` +
				'stalls\u2019 time']);
		else
			hideTooltip();
	});
	host.addEventListener('pointerleave', hideTooltip);
	byId('flame-reset').addEventListener('click', () => focusFlame(flameRoot));
}
