// The page of a case that is being fitted: it says how far that is, and opens when it is done.
(function () {
  "use strict";
  var page = document.getElementById("waiting");
  function look() {
    var address = page.hasAttribute("data-belief")
      ? location.pathname + "/answer" + location.search : page.dataset.status;
    fetch(address).then(function (answer) {
      if (page.hasAttribute("data-belief") && answer.status === 200) { location.reload(); return null; }
      return answer.json();
    }).then(function (told) {
      if (!told) { return; }
      if (told.done || told.error || told.open) { location.reload(); return; }
      document.getElementById("message").textContent = told.message;
      var bar = document.getElementById("bar");
      if (told.part === null) { bar.removeAttribute("value"); } else { bar.value = told.part; }
      setTimeout(look, 700);
    }).catch(function () { setTimeout(look, 2000); });
  }
  setTimeout(look, 700);
})();
