// SPDX-License-Identifier: BSD-2-Clause
// The record of one stall: what ran, when, why it took so long, and who had to wait.

function openStall(i) {
	const { stalls } = data;
	const ns = 1000 * stalls.duration_us[i];
	const body = make('div', {}, stallFacts(i), partsBar(i));
	const detail = data.details.get(i);

	if (detail) {
		addBlockedCalls(body, detail);
		addSampled(body, i, detail);
		addHolder(body, detail);
		addShortage(body, detail);
		addTop(body, detail);
		addChain(body, detail);
	} else {
		addMainStack(body, i);
	}
	selectStall(i);
	openRecord(`${formatDuration(ns)}  ${stallName(i)}`, [body], by => {
		stepStall(by);
		if (view.selected !== i)
			openStall(view.selected);
	});
}

function stallFacts(i) {
	const { stalls } = data;
	const callback = callbackOf(stalls.callback[i]);
	const handler = frameOf(stalls.handler[i]);
	const loop = data.loopById.get(stalls.loop[i]);
	const detail = data.details.get(i);
	const flags = stalls.flags[i];
	const task = data.strings[stalls.task_name[i]];
	const us = stalls.duration_us[i];
	const before = flags & BEGAN_BEFORE;
	const running = flags & IN_PROGRESS ? ', still running when the run ended' : '';

	return facts([
		[before ? 'attached at' : 'began', `${formatInstant(stalls.start[i])} ${formatZone(stalls.start[i])}`],
		['lasted', `${before ? 'at least ' : ''}${formatDuration(1000 * us)}${running}` +
			(before ? ', began before loopprof was attached' : '')],
		['ended', running ? '' : formatClock(stalls.end[i])],
		[{ task: 'coroutine', callback: 'callback' }[callback.kind] || 'iteration', stallName(i)],
		['at', handler ? `${handler.file}:${handler.line}` : ''],
		['run by', handler ? callback.name : ''],
		['defined at', callback.file ? `${callback.file}:${callback.line}` : ''],
		['task', task ? `'${task}'` : ''],
		['task id', detail && detail[1] !== '0' ? `0x${detail[1]}` : ''],
		['loop', loop ? `${loop.name}${data.hosts.length > 1 ? ` on ${loop.host}` : ''}` : ''],
		['waited to run', detail && detail[2] >= 0 ? formatDuration(1000 * detail[2]) : ''],
		['held up', heldUp(i)],
	]);
}

function heldUp(i) {
	const { stalls } = data;

	if (stalls.flags[i] & ITERATION)
		return stalls.second[i] ? `besides ${plural(stalls.second[i], 'slow callback')}, ` +
			'reported separately' : '';
	if (!(stalls.flags[i] & DELAYED_KNOWN))
		return 'not known';
	return [[stalls.first[i], 'callback'], [stalls.second[i], 'ready event']]
		.filter(([count]) => count).map(([count, word]) => plural(count, word)).join(' and ') ||
		'nothing';
}

// What adds up to it, as a bar and as words.
function partsBar(i) {
	const { stalls } = data;
	const parts = partsOf(i);
	const all = parts.reduce((sum, us) => sum + us, 0) || 1;
	const bar = make('div', { kind: 'parts', 'aria-hidden': 'true' });
	const legend = make('ul', { kind: 'parts-legend' });

	parts.forEach((us, cause) => {
		if (!us)
			return;
		const piece = make('span');

		piece.style.width = `${100 * us / all}%`;
		piece.style.background = `var(${causes[cause].colour})`;
		bar.append(piece);
		legend.append(make('li', {}, swatch(causes[cause].colour),
			make('span', { text: `${causes[cause].label} ${formatDuration(1000 * us)}` }),
			make('span', { kind: 'muted', text: formatShare(us / all) })));
	});
	if (!(stalls.flags[i] & TIME_KNOWN))
		return make('p', { kind: 'muted', text: 'The causes are not known: this capture is of a version that ' +
			'did not record them.' });
	return make('div', {}, heading('What it was made of'), bar, legend);
}

function addBlockedCalls(body, detail) {
	const parts = detail.slice(firstPart).filter(part => [PART_BLOCKED, PART_WAKER].includes(part[0]));

	if (parts.length)
		body.append(heading('Blocked'));
	for (const part of parts) {
		if (part[0] === PART_WAKER)
			addWaker(body, part);
		else
			addBlockedCall(body, part);
	}
	if (detail[8])
		body.append(make('p', { kind: 'muted', text: `and ${plural(detail[8], 'more call')}, ` +
			`${formatDuration(1000 * detail[9])} in all` }));
}

function addBlockedCall(body, [, count, stack, us, name, target, local, fileSystem, dnsName]) {
	body.append(make('p', { kind: 'call' }, swatch('--blocked'),
		make('strong', { text: formatDuration(1000 * us) }),
		make('span', { text: callText(data.strings[name], data.strings[target]) }),
		make('span', { kind: 'muted', text: plural(count, 'call') +
			(dnsName ? `, DNS look-up of ${data.strings[dnsName]}` : '') +
			(local ? `, from ${data.strings[local]}` : '') +
			(fileSystem ? `, file system ${data.strings[fileSystem]}` : '') })));
	if (stack)
		body.append(stackList(stack));
}

// The thread that ended the wait of the call above it for a lock whose holder is not known.
function addWaker(body, [, tid, stack, name]) {
	body.append(make('p', { kind: 'call' }, make('span', { text: 'woken by' }),
		make('strong', { text: data.strings[name] || 'a thread' }),
		make('span', { kind: 'muted', text: tid ? `thread ${tid}` : '' })));
	if (stack)
		body.append(stackList(stack));
}

function addSampled(body, i, detail) {
	const samples = detail.slice(firstPart).filter(part => part[0] === PART_SAMPLE);
	const all = samples.reduce((sum, part) => sum + part[1], 0);

	if (samples.length)
		body.append(heading(`In ${plural(all, 'sample')}`));
	for (const [, count, stack, reason, collecting] of samples) {
		const cause = causes[causeOfSample(i, reason, collecting)];

		body.append(make('p', { kind: 'call' }, swatch(cause.colour),
			make('strong', { text: `${formatCount(count)} of ${formatCount(all)}` }),
			make('span', { text: cause.label })), stackList(stack));
	}
}

function addHolder(body, detail) {
	if (!detail[4])
		return;
	const name = data.strings[detail[5]], tid = detail[6];

	body.append(heading('The GIL was held by'), make('p', { kind: 'call' }, swatch('--gil'),
		make('strong', { text: name || 'a thread' }),
		make('span', { kind: 'muted', text: tid ? `thread ${tid}` : '' })), stackList(detail[7]));
}

// Why the thread waited for a CPU, and what it lost because memory was short.
function addShortage(body, detail) {
	const reasons = detail.slice(firstPart).filter(part => part[0] === PART_SHORTAGE);

	if (reasons.length)
		body.append(heading('Short of CPU time or memory'));
	for (const [, , , us, words] of reasons)
		body.append(make('p', { kind: 'call' }, swatch('--run-queue'),
			make('strong', { text: formatDuration(1000 * us) }),
			make('span', { text: data.strings[words] })));
}

function addTop(body, detail) {
	const top = detail.slice(firstPart).filter(part => part[0] === PART_TOP);

	if (!top.length)
		return;
	body.append(heading('Callbacks that took most of it'), make('table', { kind: 'plain' },
		make('thead', {}, make('tr', {}, ...['callback', 'where', 'times', 'total'].map(text =>
			make('th', { scope: 'col', text })))),
		make('tbody', {}, ...top.map(([, count, , us, number]) => {
			const callback = callbackOf(number);

			return make('tr', {}, make('td', { text: callback.name }),
				make('td', { text: formatPlace(callback.file, callback.line) }),
				make('td', { kind: 'number', text: formatCount(count) }),
				make('td', { kind: 'number', text: formatDuration(1000 * us) }));
		}))));
}

// One frame is in the stack as well.
function addChain(body, detail) {
	if (stackOf(detail[3]).frames.length > 1)
		body.append(heading('Await chain'), stackList(detail[3], true));
}

// Only this is stored of all but the worst stalls.
function addMainStack(body, i) {
	const { stalls } = data;

	if (stalls.call[i])
		body.append(heading('Blocked'), make('p', { kind: 'call' }, swatch('--blocked'),
			make('span', { text: callText(data.strings[stalls.call[i]], data.strings[stalls.target[i]]) })));
	if (stalls.stack[i])
		body.append(heading('Longest at'), stackList(stalls.stack[i]));
	body.append(make('p', { kind: 'muted', text: 'The page has the whole record of the ' +
		`${formatCount(data.details.size)} worst stalls; \u201cloopprof report\u201d prints this one\u2019s, too.` }));
}
