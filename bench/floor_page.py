"""The least that a page of Streamlit can be: one filter, and as many charts as the page Conversion has, with one bar.

`streamlit run` serves it as the dashboard is served; what a change takes here no page can undercut.
"""

import plotly.graph_objects as go
import streamlit as st

CHARTS = 4

st.set_page_config(layout="wide")
with st.sidebar:
    chosen = st.multiselect("Location", [f"Location {number:02d}" for number in range(60)])
for place in range(CHARTS):
    st.plotly_chart(go.Figure(go.Bar(x=["leads"], y=[len(chosen) + place])), key=f"chart_{place}")
