// SPDX-License-Identifier: BSD-2-Clause
// The dialog that shows a record: a stall, a callback, something that got lost, or the keys.
// The browser keeps the focus in it, and Escape closes it.

const record = byId('record');
let recordSteps = null; // what the arrows do: by => void

/* steps: shows the record that is so many on; null: there are no others */
function openRecord(title, content, steps = null) {
	const body = byId('record-body');

	hideTooltip();
	byId('record-title').textContent = title;
	body.replaceChildren(...content);
	body.scrollTop = 0;
	recordSteps = steps;
	byId('record-previous').hidden = byId('record-next').hidden = !steps;
	if (!record.open)
		record.showModal();
	// the title is read out; from there Tab goes on
	byId('record-title').focus();
}

function attachRecord() {
	byId('record-close').addEventListener('click', () => record.close());
	byId('record-previous').addEventListener('click', () => recordSteps && recordSteps(-1));
	byId('record-next').addEventListener('click', () => recordSteps && recordSteps(1));
	// a click beside it
	record.addEventListener('click', event => {
		if (event.target === record)
			record.close();
	});
	record.addEventListener('keydown', event => {
		const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];

		if (!by || !recordSteps || event.altKey || event.ctrlKey || event.metaKey)
			return;
		recordSteps(by);
		event.preventDefault();
	});
}

// ---- what records are made of -------------------------------------------------------

function facts(pairs) {
	const list = make('dl', { kind: 'facts' });

	for (const [name, value] of pairs)
		if (value !== '' && value !== null && value !== undefined)
			list.append(make('dt', { text: name }), make('dd', { text: value }));
	return list;
}

function frameItem(frame) {
	if (!frame)
		return make('li', { text: '?' });
	const place = frame.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : '';

	return make('li', {}, make('span', { kind: `frame ${frame.kind}`, text: frame.name }),
		make('span', { kind: 'place', text: place }),
		...(frame.kind === 'python' ? [] : [make('span', { kind: 'muted', text: frame.kind })]));
}

// Innermost frame first, as in the text report.
function stackList(number, outermostFirst = false) {
	const { frames, cut, unreadable } = stackOf(number);
	const list = make('ol', { kind: 'stack', label: outermostFirst ? 'Await chain, outermost first' :
		'Stack, innermost frame first' }, ...frames.map(frameItem));

	if (cut || unreadable)
		list.append(make('li', { kind: 'muted', text: cut ? 'and more frames' :
			'the rest could not be read' }));
	return list;
}

function heading(text) {
	return make('h3', { text });
}

function openKeys() {
	const keys = [['Tab', 'from one part of the page to the next'],
		['\u2190 \u2192', 'with a chart focused, or in a record: the stall before, the next one'],
		['Enter', 'opens the stall, the row, or the box of the flame graph'],
		['Escape', 'closes a record'], ['+ \u2212 0', 'zoom in, zoom out, the whole range'],
		['Shift + \u2190 \u2192', 'moves through time'],
		['\u2191 \u2193 Page Home End', 'in a table'],
		['arrows, Escape', 'in the flame graph: caller, callee, beside; back to the whole graph']];

	openRecord('Keys', [make('table', { kind: 'plain' }, make('tbody', {},
		...keys.map(([key, text]) => make('tr', {}, make('th', { scope: 'row' }, make('kbd', { text: key })),
			make('td', { text })))))]);
}
