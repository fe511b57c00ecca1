/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The expected value of each field of struct lp_cpython_row, one column per version from 3.8 to
 * 3.15.  Every value is written out; user/runtime/cpython/layout/versions.c states only what a
 * version changed.
 */
#ifndef LP_TEST_ROWS_EXPECTED_H
#define LP_TEST_ROWS_EXPECTED_H

#include "runtime/cpython/layout/versions.h"

#define VERSIONS (CPYTHON_NEWEST - CPYTHON_OLDEST + 1)
#define NONE LP_NO_FIELD

struct lp_expected_field {
	const char *name;
	size_t offset;
	size_t bytes;
	int64_t values[VERSIONS];
};

/* Padding of the row in bytes.  A field that neither table lists would change this number. */
#define ROW_PADDING 33

struct lp_expected_text {
	const char *name;
	size_t offset;
	size_t bytes;
	const char *values[VERSIONS];
};

/* clang-format off */
#define FIELD(name)                                                                                \
	#name, offsetof(struct lp_cpython_row, name), sizeof(((struct lp_cpython_row *)0)->name)

static const struct lp_expected_field expected_fields[] = {
	{ FIELD(minor),                              {     8,     9,    10,    11,    12,    13,    14,    15 } },
	{ FIELD(debug_offsets),
	  { LP_DEBUG_OFFSETS_NONE, LP_DEBUG_OFFSETS_NONE, LP_DEBUG_OFFSETS_NONE, LP_DEBUG_OFFSETS_NONE,
	    LP_DEBUG_OFFSETS_NONE, LP_DEBUG_OFFSETS_3_13, LP_DEBUG_OFFSETS_3_14, LP_DEBUG_OFFSETS_3_15 } },

	{ FIELD(runtime.interpreters_head),          {    32,    32,    32,    40,    40,   632,   808,   936 } },
	{ FIELD(runtime.tstate_current),             {  1368,   568,   568,   576,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(runtime.gil),                        {  1152,   352,   352,   360,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(runtime.gc_collecting),              {   544,  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,  NONE } },

	{ FIELD(interpreter.threads_head),           {     8,     8,     8,    16,    72,  7344,  7344,  7336 } },
	{ FIELD(interpreter.modules),                {    56,   856,   856,   888,   944,  7656,  7688,  7592 } },
	{ FIELD(interpreter.ceval_gil),              {  NONE,  NONE,  NONE,  NONE,   384,    16,    16,    16 } },
	{ FIELD(interpreter.gc_collecting),          {  NONE,   816,   816,   848,   312,  7600,  7600,  7512 } },
	{ FIELD(interpreter.gc),                     {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,  7408,  7400 } },
	{ FIELD(interpreter.gc_lists),               {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,    24,     8 } },
	{ FIELD(interpreter.gc_stats),               {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,  7504 } },
	{ FIELD(interpreter.asyncio_tasks_head),     {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE, 10880, 10856 } },

	{ FIELD(gil.last_holder),                    {  NONE,  NONE,  NONE,  NONE,     8,     8,     8,     8 } },

	{ FIELD(thread.next),                        {     8,     8,     8,     8,     8,     8,     8,     8 } },
	{ FIELD(thread.thread_id),                   {   176,   176,   176,   152,   136,   152,   152,   176 } },
	{ FIELD(thread.native_thread_id),            {  NONE,  NONE,  NONE,   160,   144,   160,   160,   184 } },
	{ FIELD(thread.cframe),                      {  NONE,  NONE,  NONE,    56,    56,  NONE,  NONE,  NONE } },
	{ FIELD(thread.current_frame),               {    24,    24,    24,     8,     0,    72,    72,    72 } },
	{ FIELD(thread.context),                     {   240,   240,   240,   224,   208,   208,   208,   232 } },
	{ FIELD(thread.current_exception),           {    88,    88,    88,    96,    96,   112,   112,   136 } },
	{ FIELD(thread.exception_is_type),           {     1,     1,     1,     1,     0,     0,     0,     0 } },
	{ FIELD(thread.dict),                        {   152,   152,   152,   128,   112,  NONE,  NONE,  NONE } },
	{ FIELD(thread.asyncio_running_loop),        {  NONE,  NONE,  NONE,  NONE,  NONE,   304,   864,  1024 } },
	{ FIELD(thread.asyncio_running_task),        {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,   872,  1032 } },
	{ FIELD(thread.asyncio_tasks_head),          {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,   880,  1048 } },

	{ FIELD(frame.is_object),                    {     1,     1,     1,     0,     0,     0,     0,     0 } },
	{ FIELD(frame.f_executable),                 {    32,    32,    32,    32,     0,     0,     0,     0 } },
	{ FIELD(frame.previous),                     {    24,    24,    24,    48,     8,     8,     8,     8 } },
	{ FIELD(frame.instr_ptr),                    {   104,   104,    96,    56,    56,    56,    56,    56 } },
	{ FIELD(frame.localsplus),                   {   360,   360,   352,    72,    72,    72,    80,    80 } },
	{ FIELD(frame.owner),                        {  NONE,  NONE,  NONE,    69,    70,    70,    74,    74 } },
	{ FIELD(frame.first_shim),                   {  NONE,  NONE,  NONE,  NONE,     3,     3,     3,     3 } },
	{ FIELD(frame.init_shim),                    {     0,     0,     0,     0,     1,     1,     1,     1 } },
	{ FIELD(frame.f_gen),                        {    96,    96,    88,  NONE,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(frame.f_valuestack),                 {    64,    64,    64,  NONE,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(frame.stackpointer),                 {    72,    72,    80,    64,    64,    64,    64,    64 } },
	{ FIELD(frame.stack_end),
	  { LP_STACK_END_ADDRESS, LP_STACK_END_ADDRESS, LP_STACK_END_DEPTH, LP_STACK_END_SLOTS,
	    LP_STACK_END_SLOTS, LP_STACK_END_SLOTS, LP_STACK_END_ADDRESS, LP_STACK_END_ADDRESS } },
	{ FIELD(frame.awaited_slot),                 {     1,     1,     1,     1,     1,     1,     1,     2 } },
	{ FIELD(frame.tag_mask),                     {     0,     0,     0,     0,     0,     0,     1,     3 } },

	{ FIELD(coroutine.cr_iframe),                {    16,    16,    16,    80,    72,    72,    72,    72 } },
	{ FIELD(coroutine.cr_frame_state),           {    24,    24,   108,    75,    67,    67,    67,    67 } },
	{ FIELD(coroutine.state_in_frame),           {     0,     0,     1,     0,     0,     0,     0,     0 } },
	{ FIELD(coroutine.frame_executing),          {     1,     1,     0,     0,     0,     0,     0,     4 } },
	{ FIELD(coroutine.frame_suspended),          {     0,     0,    -1,    -1,    -1,    -1,    -1,     2 } },
	{ FIELD(coroutine.frame_completed),          {     2,     2,     1,     1,     1,     1,     1,     5 } },
	{ FIELD(coroutine.await_mark),
	  { LP_AWAIT_OPCODE, LP_AWAIT_OPCODE, LP_AWAIT_OPCODE, LP_AWAIT_RESUME,
	    LP_AWAIT_RESUME, LP_AWAIT_STATE, LP_AWAIT_STATE, LP_AWAIT_STATE } },
	{ FIELD(coroutine.cr_code),                  {    32,    32,    24,   112,    72,    72,    72,    72 } },
	{ FIELD(coroutine.cr_qualname),              {    56,    56,    48,    40,    32,    32,    32,    32 } },
	{ FIELD(coroutine.head_bytes),               {    64,    64,    56,   120,    80,    80,    80,    80 } },

	{ FIELD(code.co_flags),                      {    36,    36,    36,    48,    48,    48,    48,    48 } },
	{ FIELD(code.co_firstlineno),                {    40,    40,    40,    72,    68,    68,    68,    68 } },
	{ FIELD(code.co_code),                       {    48,    48,    48,  NONE,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(code.co_code_adaptive),              {  NONE,  NONE,  NONE,   184,   192,   200,   208,   208 } },
	{ FIELD(code.co_names),                      {    64,    64,    64,    32,    32,    32,    32,    32 } },
	{ FIELD(code.co_exceptiontable),             {  NONE,  NONE,  NONE,    40,    40,    40,    40,    40 } },
	{ FIELD(code.co_nlocalsplus),                {    28,    28,    28,    76,    72,    72,    72,    72 } },
	{ FIELD(code.co_localsplusnames),            {    72,    72,    72,    96,    96,    96,    96,    96 } },
	{ FIELD(code.co_localspluskinds),            {  NONE,  NONE,  NONE,   104,   104,   104,   104,   104 } },
	{ FIELD(code.co_cellvars),                   {    88,    88,    88,  NONE,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(code.co_freevars),                   {    80,    80,    80,  NONE,  NONE,  NONE,  NONE,  NONE } },
	{ FIELD(code.co_filename),                   {   104,   104,   104,   112,   112,   112,   112,   112 } },
	{ FIELD(code.co_name),                       {   112,   112,   112,   120,   120,   120,   120,   120 } },
	{ FIELD(code.co_qualname),                   {  NONE,  NONE,  NONE,   128,   128,   128,   128,   128 } },
	{ FIELD(code.co_linetable),                  {   120,   120,   120,   136,   136,   136,   136,   136 } },
	{ FIELD(code.line_table),
	  { LP_LINES_LNOTAB, LP_LINES_LNOTAB, LP_LINES_RANGES, LP_LINES_LOCATIONS,
	    LP_LINES_LOCATIONS, LP_LINES_LOCATIONS, LP_LINES_LOCATIONS, LP_LINES_LOCATIONS } },
	{ FIELD(code.mutable_at),                    {   128,   128,   128,    52,     0,     0,     0,     0 } },
	{ FIELD(code.mutable_bytes),                 {    16,    16,    16,     4,     0,     0,     0,     0 } },

	{ FIELD(function.func_code),                 {    16,    16,    48,    48,    48,    48,    48,    48 } },
	{ FIELD(function.func_qualname),             {   104,   104,    40,    40,    40,    40,    40,    40 } },
	{ FIELD(function.func_closure),              {    48,    48,    72,    72,    72,    72,    72,    72 } },

	{ FIELD(unicode.ascii),                      {    48,    48,    48,    48,    40,    40,    40,    40 } },
	{ FIELD(unicode.compact),                    {    72,    72,    72,    72,    56,    56,    56,    56 } },

	{ FIELD(integer.ob_digit),                   {    24,    24,    24,    24,    24,    24,    24,    24 } },
	{ FIELD(integer.lv_tag),                     {     0,     0,     0,     0,     1,     1,     1,     1 } },

	{ FIELD(tuple.ob_item),                      {    24,    24,    24,    24,    24,    24,    32,    32 } },

	{ FIELD(context.ctx_prev),                   {    16,    16,    16,    16,    16,    16,    16,    16 } },
	{ FIELD(context.ctx_entered),                {    40,    40,    40,    40,    40,    40,    40,    40 } },

	{ FIELD(type.ht_cached_keys),                {  NONE,  NONE,  NONE,   872,   880,   880,   880,   888 } },
	{ FIELD(type.dict_layout),
	  { LP_DICT_INDEXED, LP_DICT_INDEXED, LP_DICT_INDEXED, LP_DICT_COMPACT,
	    LP_DICT_COMPACT, LP_DICT_COMPACT, LP_DICT_COMPACT, LP_DICT_COMPACT } },
	{ FIELD(type.instance_layout),
	  { LP_INSTANCE_DICT, LP_INSTANCE_DICT, LP_INSTANCE_DICT, LP_INSTANCE_VALUES,
	    LP_INSTANCE_TAGGED, LP_INSTANCE_INLINE, LP_INSTANCE_INLINE, LP_INSTANCE_INLINE } },
	{ FIELD(type.lock_mutex),                    {     0,     0,     0,     0,     0,     0,     1,     1 } },
	{ FIELD(type.exception_vectorcall),          {     0,     0,     0,     0,     0,     0,     1,     1 } },

	{ FIELD(task.tp_basicsize),                  {   144,   184,   192,   176,   176,   144,   168,   168 } },
	{ FIELD(task.fut_loop),                      {    16,    16,    16,    16,    16,    16,    16,    16 } },
	{ FIELD(task.fut_exception),                 {    48,    48,    48,    48,    48,    48,    48,    48 } },
	{ FIELD(task.fut_source_tb),                 {    64,    64,    72,    72,    72,    72,    72,    72 } },
	{ FIELD(task.fut_state),                     {    72,    80,    88,    88,    88,    96,   104,   104 } },
	{ FIELD(task.fut_log_tb),                    {    76,    84,    92,    92,    92,   100,   110,   110 } },
	{ FIELD(task.fut_log_tb_bits),               {   255,   255,   255,   255,   255,     1,     1,     1 } },
	{ FIELD(task.task_must_cancel),              {   136,   176,   184,   160,   160,   100,   110,   110 } },
	{ FIELD(task.task_must_cancel_bits),         {   255,   255,   255,   255,   255,     4,     4,     4 } },
	{ FIELD(task.task_log_destroy_pending),      {   140,   180,   188,   164,   164,   100,   110,   110 } },
	{ FIELD(task.task_log_destroy_pending_bits), {   255,   255,   255,   255,   255,     8,     8,     8 } },
	{ FIELD(task.task_num_cancels_requested),    {  NONE,  NONE,  NONE,   168,   168,   104,   112,   112 } },
	{ FIELD(task.task_fut_waiter),               {   104,   144,   152,   128,   128,   112,   120,   120 } },
	{ FIELD(task.task_coro),                     {   112,   152,   160,   136,   136,   120,   128,   128 } },
	{ FIELD(task.task_node),                     {  NONE,  NONE,  NONE,  NONE,  NONE,  NONE,   152,   152 } },

	{ FIELD(asyncio.handle_callback),            {    24,    24,    24,    24,    24,    24,    24,    24 } },
	{ FIELD(asyncio.eager_tasks),                {     0,     0,     0,     0,     1,     1,     1,     1 } },
	{ FIELD(asyncio.running_loop_holder),        {     1,     1,     1,     1,     0,     0,     0,     0 } },

	{ FIELD(bytecode.opcodes),                   {     8,     9,     9,    11,    12,    13,    14,    15 } },
	{ FIELD(bytecode.instruction_unit),          {     1,     1,     2,     2,     2,     2,     2,     2 } },
	{ FIELD(bytecode.handlers),
	  { LP_HANDLERS_BLOCKS, LP_HANDLERS_BLOCKS, LP_HANDLERS_BLOCKS, LP_HANDLERS_TABLE,
	    LP_HANDLERS_TABLE, LP_HANDLERS_TABLE, LP_HANDLERS_TABLE, LP_HANDLERS_TABLE } },
	{ FIELD(bytecode.match_jumps),               {     0,     1,     1,     0,     0,     0,     0,     0 } },
	{ FIELD(bytecode.relative_jumps),            {     0,     0,     0,     1,     1,     1,     1,     1 } },
	{ FIELD(bytecode.load_global_shift),         {     0,     0,     0,     1,     1,     1,     1,     1 } },
	{ FIELD(bytecode.load_attr_shift),           {     0,     0,     0,     0,     1,     1,     1,     1 } },
	{ FIELD(bytecode.return_generator),          {     0,     0,     0,     1,     1,     1,     1,     1 } },
	{ FIELD(bytecode.load_special),              {     0,     0,     0,     0,     0,     0,     1,     1 } },
};

static const struct lp_expected_text expected_texts[] = {
	{ FIELD(coroutine.constructor),
	  { "PyCoro_New", "PyCoro_New", "PyCoro_New", "_Py_MakeCoro", "_Py_MakeCoro",
	    "_Py_MakeCoro", "_Py_MakeCoro", "_Py_MakeCoro" } },
	{ FIELD(asyncio.all_tasks),
	  { "_all_tasks", "_all_tasks", "_all_tasks", "_all_tasks", "_scheduled_tasks",
	    "_scheduled_tasks", "", "" } },
};
/* clang-format on */

#endif /* LP_TEST_ROWS_EXPECTED_H */
