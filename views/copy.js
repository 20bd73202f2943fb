// Shows the buttons that copy a text. Without this script they stay hidden, and a click on a text selects all of it.
(() => {
  const status = document.getElementById('copy-status');
  for (const button of document.querySelectorAll('button[data-copies]')) {
    const source = document.getElementById(button.dataset.copies);
    const [label] = button.children;
    const copy = label.textContent;
    const { copied, selected } = button.dataset;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        label.textContent = copied;
      } catch {
        getSelection().selectAllChildren(source);
        label.textContent = selected;
      }
      status.textContent = label.textContent;
      setTimeout(() => {
        label.textContent = copy;
        status.textContent = '';
      }, 2500);
    });
  }
})();
