// While a form is on its way its button says so, and a second press does nothing.
addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || form.method !== "post" || !button || !button.dataset.sending) return;
  if (form.getAttribute("aria-busy")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
  button.style.minInlineSize = `${button.offsetWidth}px`;
  button.dataset.words = button.textContent;
  button.textContent = button.dataset.sending;
  button.setAttribute("aria-disabled", "true");
});

// Back from the next page: the button is as it was.
addEventListener("pagehide", () => {
  for (const button of document.querySelectorAll("button[data-words]")) {
    button.textContent = button.dataset.words;
    delete button.dataset.words;
    button.removeAttribute("aria-disabled");
    button.form.removeAttribute("aria-busy");
  }
});
