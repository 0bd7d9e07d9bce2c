do -- fence variant=up generation=0 site=customer-21 (generated, do not edit)
end
