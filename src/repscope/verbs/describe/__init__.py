"""``repscope describe``: one stage, without a before and after."""
