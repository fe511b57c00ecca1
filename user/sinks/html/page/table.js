// SPDX-License-Identifier: BSD-2-Clause
// A table that sorts, and that makes elements only for the rows that are in sight: with
// 100,000 rows it is as quick as with ten. A row opens by a click or by Enter.

const tableRow = 30;
const tableMost = 14; // rows in sight
const printMost = 50;
const tables = [];

class Table {
	/*
	 * host: the element that it goes into; columns: { label, width, number, value(row),
	 * cell(row) }; open(row): what a row does; sort: the column to begin with
	 */
	constructor(host, { label, columns, open, sort = 0, most = tableMost, empty = 'None.' }) {
		Object.assign(this, { host, columns, open, most, empty, rows: [], active: 0 });
		this.sorted = sort;
		this.down = Boolean(columns[sort].number);
		this.template = columns.map(column => column.width).join(' ');
		this.grid = make('div', { kind: 'table', role: 'grid', tabindex: '0', label,
			'aria-colcount': String(columns.length) });
		this.head = make('div', { kind: 'table-row table-head', role: 'row', 'aria-rowindex': '1' });
		this.body = make('div', { kind: 'table-body', role: 'rowgroup' });
		this.head.style.gridTemplateColumns = this.template;
		this.grid.append(this.head, this.body);
		this.note = make('p', { kind: 'table-note muted', hidden: '' });
		host.replaceChildren(this.grid, this.note);
		this.makeHead();
		this.grid.addEventListener('scroll', () => this.draw(), { passive: true });
		this.grid.addEventListener('keydown', event => this.key(event));
		this.grid.addEventListener('click', event => this.click(event));
		tables.push(this);
	}

	makeHead() {
		this.buttons = this.columns.map((column, i) => {
			const button = make('button', { type: 'button', text: column.label });
			const cell = make('span', { role: 'columnheader', kind: column.number ? 'number' : '' }, button);

			button.addEventListener('click', () => this.sortBy(i));
			this.head.append(cell);
			return cell;
		});
	}

	setRows(rows) {
		this.rows = Array.from(rows);
		this.active = 0;
		this.order();
		this.grid.scrollTop = 0;
		this.draw();
	}

	sortBy(column) {
		this.down = column === this.sorted ? !this.down : Boolean(this.columns[column].number);
		this.sorted = column;
		this.active = 0;
		this.order();
		this.grid.scrollTop = 0;
		this.draw();
	}

	order() {
		const { value, number } = this.columns[this.sorted];
		const { rows } = this;
		const sign = this.down ? -1 : 1;
		const keys = number ? Float64Array.from(rows, value) : rows.map(value);
		const order = Uint32Array.from(rows.keys());

		// what is equal stays in the order in which it came
		order.sort((one, other) => keys[one] < keys[other] ? -sign :
			keys[one] > keys[other] ? sign : one - other);
		this.rows = Array.from(order, at => rows[at]);
		this.buttons.forEach((cell, i) => cell.setAttribute('aria-sort',
			i !== this.sorted ? 'none' : this.down ? 'descending' : 'ascending'));
		this.grid.setAttribute('aria-rowcount', String(this.rows.length + 1));
	}

	draw() {
		const count = this.rows.length;
		const shown = printing ? Math.min(count, printMost) : count;
		const first = printing ? 0 : Math.max(0, Math.floor(this.grid.scrollTop / tableRow) - 5);
		const last = printing ? shown : Math.min(count, first + this.most + 12);
		const made = [];

		this.grid.style.maxHeight = printing ? 'none' : `${(this.most + 1) * tableRow + 2}px`;
		this.body.style.height = `${Math.max(1, shown) * tableRow}px`;
		for (let at = first; at < last; at++)
			made.push(this.makeRow(at));
		if (!count)
			made.push(make('p', { kind: 'muted table-empty', text: this.empty }));
		this.body.replaceChildren(...made);
		this.note.hidden = shown >= count;
		this.note.textContent = shown < count ? `The first ${shown} of ${formatCount(count)}.` : '';
		const active = made.find(row => row.rowAt === this.active);

		if (active)
			this.grid.setAttribute('aria-activedescendant', active.id);
		else
			this.grid.removeAttribute('aria-activedescendant');
	}

	makeRow(at) {
		const row = this.rows[at];
		const element = make('div', { role: 'row', 'aria-rowindex': String(at + 2),
			kind: `table-row${this.open ? ' opens' : ''}${at === this.active ? ' active' : ''}`,
			id: `${this.host.id}-row-${at}` });

		if (this.isChosen)
			element.setAttribute('aria-selected', String(this.isChosen(row)));
		element.rowAt = at;
		element.style.top = `${at * tableRow}px`;
		element.style.gridTemplateColumns = this.template;
		for (const column of this.columns) {
			const content = column.cell ? column.cell(row) : column.value(row);
			const cell = make('span', { role: 'gridcell', kind: column.number ? 'number' : '' });

			cell.append(content instanceof Node ? content : String(content));
			if (!(content instanceof Node))
				cell.title = String(content);
			element.append(cell);
		}
		return element;
	}

	show(at) {
		const room = this.grid.clientHeight - tableRow;
		const top = at * tableRow;

		this.active = at;
		if (top < this.grid.scrollTop)
			this.grid.scrollTop = top;
		else if (top + tableRow > this.grid.scrollTop + room)
			this.grid.scrollTop = top + tableRow - room;
		this.draw();
	}

	// Brings a row into sight, wherever it is.
	reveal(row) {
		const at = this.rows.indexOf(row);

		if (at >= 0 && at !== this.active)
			this.show(at);
	}

	key(event) {
		const last = this.rows.length - 1;
		const wanted = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, Home: 0, End: last,
			PageDown: this.active + this.most, PageUp: this.active - this.most }[event.key];

		// the buttons of the head have keys of their own
		if (event.target !== this.grid || last < 0)
			return;
		if (event.key === 'Enter' && this.open)
			this.open(this.rows[this.active]);
		else if (wanted === undefined)
			return;
		else
			this.show(Math.min(last, Math.max(0, wanted)));
		event.preventDefault();
	}

	click(event) {
		const element = event.target.closest('.table-row');

		if (!element || element === this.head)
			return;
		this.active = element.rowAt;
		this.draw();
		if (this.open)
			this.open(this.rows[this.active]);
	}
}
