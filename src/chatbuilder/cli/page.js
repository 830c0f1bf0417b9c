// The keyboard belongs to the wizard as soon as it shows something.
new MutationObserver((changes, observer) => {
  if (!document.body.classList.contains("-first-byte")) return;
  observer.disconnect();
  document.querySelector("#terminal textarea")?.focus();
}).observe(document.documentElement, { subtree: true, attributeFilter: ["class"] });
