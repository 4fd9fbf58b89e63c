// Folds open for addresses inside them, and lists are filtered. Everything can be read without.
(function () {
  "use strict";
  function unfold() {
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) { return; }
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    var inside = target.querySelector(":scope > details");
    if (inside && target.tagName === "LI") { inside.open = true; }
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  document.querySelectorAll("input[data-filter]").forEach(function (input) {
    var box = document.getElementById(input.dataset.filter);
    input.addEventListener("input", function () {
      var wanted = input.value.trim().toLowerCase();
      box.querySelectorAll("tbody tr").forEach(function (row) {
        row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
      });
      box.querySelectorAll("details").forEach(function (fold) {
        var found = fold.querySelector("tbody tr:not([hidden])") !== null;
        fold.hidden = !found;
        fold.open = wanted !== "" && found;
      });
    });
  });
})();
