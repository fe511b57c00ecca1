// SPDX-License-Identifier: BSD-2-Clause
/*
 * The classes of pools, by the names of their attributes, and those that refer to pools.  What a
 * version of a library names otherwise is not known.
 */
#include "pools_internal.h"

#include "process/memory.h"
#include "base/macros.h"

#include <string.h>

#define BASES_MAX 64

/* Include/object.h: Py_TPFLAGS_HEAPTYPE, which classes in Python have. */
#define TYPE_FLAG_HEAP (1UL << 9)

#define AMOUNTS(...) .amounts = { __VA_ARGS__ }

const struct lp_pool_class cpython_pool_classes[] = {
	{ .module = "concurrent.futures.thread",
	  .name = "ThreadPoolExecutor",
	  .kind = LP_POOL_THREADS,
	  .label = "executor",
	  AMOUNTS([LP_POOL_LIMIT] = "_max_workers", [LP_POOL_WAITING] = "#_work_queue") },
	{ .module = "asgiref.current_thread_executor",
	  .name = "CurrentThreadExecutor",
	  .kind = LP_POOL_THREADS,
	  .label = "asgiref's thread",
	  AMOUNTS([LP_POOL_WAITING] = "#_work_queue.queue|#_work_items"),
	  .one_thread = true },
	{ .module = "asyncio.locks",
	  .name = "Semaphore",
	  .kind = LP_POOL_PERMITS,
	  AMOUNTS([LP_POOL_LIMIT] = "_bound_value", [LP_POOL_OUT] = "_bound_value -_value",
		  [LP_POOL_IDLE] = "_value", [LP_POOL_WAITING] = "#_waiters"),
	  .awaited = "" },
	{ .module = "anyio",
	  .name = "Semaphore",
	  .kind = LP_POOL_PERMITS,
	  .label = "anyio.Semaphore",
	  AMOUNTS([LP_POOL_LIMIT] = "_max_value", [LP_POOL_OUT] = "_max_value -_value",
		  [LP_POOL_IDLE] = "_value", [LP_POOL_WAITING] = "#_waiters"),
	  .within = "Semaphore.acquire",
	  .waits = "Event.wait|." },
	{ .module = "anyio",
	  .name = "CapacityLimiter",
	  .kind = LP_POOL_PERMITS,
	  .label = "anyio.CapacityLimiter",
	  AMOUNTS([LP_POOL_LIMIT] = "_total_tokens", [LP_POOL_OUT] = "#_borrowers",
		  [LP_POOL_WAITING] = "#_wait_queue"),
	  .borrowers = "_borrowers",
	  .waiters = "_wait_queue" },
	{ .module = "asyncpg.pool",
	  .name = "Pool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "asyncpg's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "_maxsize", [LP_POOL_OUT] = "!_holders._in_use",
		  [LP_POOL_WAITING] = "#_queue._getters"),
	  .awaited = "_queue",
	  .within = "Pool._acquire.<locals>._acquire_impl",
	  .waits = "Queue.get" },
	{ .module = "psycopg_pool",
	  .name = "BasePool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "psycopg's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "_max_size", [LP_POOL_OUT] = "_nconns -#_pool",
		  [LP_POOL_IDLE] = "#_pool", [LP_POOL_WAITING] = "#_waiting"),
	  .waits = "WaitingClient.wait|AsyncClient.wait" },
	{ .module = "sqlalchemy.pool.impl",
	  .name = "QueuePool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "SQLAlchemy's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "_pool.maxsize ~_max_overflow",
		  [LP_POOL_OUT] = "_pool.maxsize _overflow -#_pool._queue._queue|"
				  "_pool.maxsize _overflow -#_pool.queue",
		  [LP_POOL_IDLE] = "#_pool._queue._queue|#_pool.queue",
		  [LP_POOL_WAITING] = "#_pool._queue._getters|#_pool.not_empty._waiters"),
	  .awaited = "_pool._queue",
	  .within = "QueuePool._do_get",
	  .waits = "Queue.get" },
	{ .module = "aiohttp.connector",
	  .name = "BaseConnector",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "aiohttp's connector",
	  AMOUNTS([LP_POOL_LIMIT] = "@_limit", [LP_POOL_OUT] = "#_acquired",
		  [LP_POOL_IDLE] = "+_conns", [LP_POOL_WAITING] = "+_waiters"),
	  .within = "BaseConnector.connect",
	  .waits = "BaseConnector._wait_for_available_connection|." },
	{ .module = "httpcore",
	  .name = "AsyncConnectionPool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "httpcore's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "_max_connections", [LP_POOL_OUT] = "!_requests.connection",
		  [LP_POOL_WAITING] = "?_requests.connection"),
	  .within = "AsyncConnectionPool.handle_async_request",
	  .waits = "AsyncPoolRequest.wait_for_connection|RequestStatus.wait_for_connection" },
	{ .module = "httpcore",
	  .name = "ConnectionPool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "httpcore's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "_max_connections", [LP_POOL_OUT] = "!_requests.connection",
		  [LP_POOL_WAITING] = "?_requests.connection"),
	  .within = "ConnectionPool.handle_request",
	  .waits = "PoolRequest.wait_for_connection|RequestStatus.wait_for_connection" },
	{ .module = "redis.asyncio.connection",
	  .name = "ConnectionPool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "redis' pool",
	  AMOUNTS([LP_POOL_LIMIT] = "max_connections",
		  [LP_POOL_OUT] = "max_connections -#pool._queue|"
				  "#_in_use_connections|#_in_use_connections.data",
		  [LP_POOL_IDLE] = "#_available_connections",
		  [LP_POOL_WAITING] = "#_condition._waiters|#pool._getters"),
	  .awaited = "_condition|pool",
	  .members = "_in_use_connections|_connections" },
	{ .module = "redis.connection",
	  .name = "ConnectionPool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "redis' pool",
	  AMOUNTS([LP_POOL_LIMIT] = "max_connections",
		  [LP_POOL_OUT] = "max_connections -#pool.queue|#_in_use_connections",
		  [LP_POOL_IDLE] = "#_available_connections",
		  [LP_POOL_WAITING] = "#pool.not_empty._waiters"),
	  .members = "_in_use_connections|_connections" },
	{ .module = "aiomysql.pool",
	  .name = "Pool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "aiomysql's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "^_free", [LP_POOL_OUT] = "#_used _acquiring",
		  [LP_POOL_IDLE] = "#_free", [LP_POOL_WAITING] = "#_cond._waiters"),
	  .awaited = "_cond",
	  .members = "_used" },
	{ .module = "pymongo",
	  .name = "Pool",
	  .kind = LP_POOL_CONNECTIONS,
	  .label = "pymongo's pool",
	  AMOUNTS([LP_POOL_LIMIT] = "@max_pool_size|@opts._PoolOptions__max_pool_size",
		  [LP_POOL_OUT] = "requests|active_sockets", [LP_POOL_IDLE] = "#conns",
		  [LP_POOL_WAITING] = "#size_cond._waiters"),
	  .awaited = "size_cond",
	  .within = "Pool._get_conn",
	  .waits = "Condition.wait" },
};

const size_t cpython_pool_class_count = ARRAY_SIZE(cpython_pool_classes);

#define FAIRIES "_transaction._connections.*._dbapi_connection"

const struct lp_pool_reference cpython_pool_references[] = {
	{ "asyncpg.pool", "PoolConnectionProxy", "_holder._pool", "_con", NULL },
	{ "asyncpg.pool", "PoolAcquireContext", "pool", "connection._con", NULL },
	{ "psycopg", "BaseConnection", "_pool", "_pool", "pgconn.closed" },
	{ "aiomysql", "_PoolAcquireContextManager", "_pool", "_conn", NULL },
	{ "sqlalchemy.pool.base", "_ConnectionFairy", "_pool", "_connection_record", NULL },
	{ "sqlalchemy.engine.base", "Connection", "_dbapi_connection._pool|engine.pool",
	  "_dbapi_connection._connection_record", NULL },
	{ "sqlalchemy.engine.base", "Engine", "pool", NULL, NULL },
	{ "sqlalchemy.ext.asyncio.engine", "AsyncEngine", "sync_engine.pool", NULL, NULL },
	{ "sqlalchemy.ext.asyncio.engine", "AsyncConnection",
	  "sync_connection._dbapi_connection._pool|sync_engine.pool",
	  "sync_connection._dbapi_connection._connection_record", NULL },
	{ "sqlalchemy.orm.session", "Session", FAIRIES "._pool|bind.pool|bind.engine.pool",
	  FAIRIES "._connection_record", NULL },
	{ "sqlalchemy.ext.asyncio.session", "AsyncSession",
	  "sync_session." FAIRIES "._pool|sync_session.bind.pool",
	  "sync_session." FAIRIES "._connection_record", NULL },
	{ "httpx", "Response", "stream._stream._httpcore_stream._pool",
	  "stream._stream._httpcore_stream", "stream._stream._httpcore_stream._closed" },
	{ "httpcore", "Response", "stream._pool", "stream", "stream._closed" },
	{ "httpx", "AsyncClient", "_transport._pool", NULL, NULL },
	{ "httpx", "Client", "_transport._pool", NULL, NULL },
	{ "aiohttp.client_reqrep", "ClientResponse", "_connection._connector", "_connection",
	  NULL },
	{ "aiohttp.connector", "Connection", "_connector", "_protocol", NULL },
	{ "aiohttp.client", "ClientSession", "_connector", NULL, NULL },
	{ "redis", "Redis", "connection_pool", NULL, NULL },
	{ "redis", "Pipeline", "connection_pool", NULL, NULL },
	{ "redis", "PubSub", "connection_pool", NULL, NULL },
	{ "pymongo", "_PoolCheckout", "_pool", "_conn", NULL },
	{ "pymongo", "_ClientCheckout", "_pool_checkout._pool", "_pool_checkout._conn", NULL },
};

const size_t cpython_pool_reference_count = ARRAY_SIZE(cpython_pool_references);

/* Returns whether a full name is that of a class in a module, or in a module of a package. */
static bool matches(const char *full, const char *module, const char *name)
{
	size_t length = strlen(module), all = strlen(full), end = strlen(name);

	return !strncmp(full, module, length) && full[length] == '.' && all > end + length &&
	       full[all - end - 1] == '.' && !strcmp(full + all - end, name);
}

static void classify(const char *full, struct lp_pool_type *found)
{
	size_t i;

	for (i = 0; !found->class && i < cpython_pool_class_count; i++)
		if (matches(full, cpython_pool_classes[i].module, cpython_pool_classes[i].name))
			found->class = &cpython_pool_classes[i];
	for (i = 0; !found->reference && i < cpython_pool_reference_count; i++)
		if (matches(full, cpython_pool_references[i].module,
			    cpython_pool_references[i].name))
			found->reference = &cpython_pool_references[i];
}

/* Returns whether attributes of objects of a class in Python may be those of a program. */
static bool is_opened(const struct lp_pools *pools, uint64_t type, const char *name)
{
	/* objects of asyncio's own classes, and threads, lead to everything of the process */
	static const char *const closed[] = { "asyncio.",   "threading.", "concurrent.", "logging.",
					      "selectors.", "uvicorn.",	  "ssl.",	 "typing.",
					      "enum.",	    "re." };
	size_t i;

	if (!(memory_u64(pools->python->pid, type + CPYTHON_TYPE_FLAGS) & TYPE_FLAG_HEAP))
		return false;
	for (i = 0; i < ARRAY_SIZE(closed); i++)
		if (!strncmp(name, closed[i], strlen(closed[i])))
			return false;
	return true;
}

const struct lp_pool_type *cpython_pool_type(struct lp_pools *pools, uint64_t object)
{
	static const struct lp_pool_type none = { 0 };
	const struct lp_cpython *python = pools->python;
	uint64_t type = object ? memory_u64(python->pid, object + CPYTHON_OBJECT_TYPE) : 0;
	struct lp_pool_type *found = map_pointer(&pools->types, type);
	uint64_t order, bases[BASES_MAX];
	ssize_t count, i;

	if (found || !type)
		return found ? found : &none;
	found = task_arena_take(pools->list->arena, sizeof(*found));
	if (!found || !map_put(&pools->types, type, (uintptr_t)found))
		return &none;
	order = memory_u64(python->pid, type + CPYTHON_TYPE_MRO);
	count = order ? cpython_tuple(python, order, bases, BASES_MAX) : 0;
	for (i = 0; i < count && count <= BASES_MAX; i++)
		classify(cpython_wait_type(pools->waits, bases[i])->name, found);
	found->opened = is_opened(pools, type, cpython_wait_type(pools->waits, type)->name);
	return found;
}
