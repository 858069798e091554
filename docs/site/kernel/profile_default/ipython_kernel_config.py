"""Settings of the kernels that execute pages."""

c = get_config()  # noqa: F821
c.IPKernelApp.log_level = "ERROR"
c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"png"}
