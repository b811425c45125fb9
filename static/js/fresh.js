// A page that the browser kept in memory is asked for again: it may belong to a session that has ended.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
